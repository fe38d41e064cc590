-- A factor has come into use.
UPDATE person SET epoch = epoch + 1, ever_had_factor = 1 WHERE tenant_id = $1 AND id = $2
