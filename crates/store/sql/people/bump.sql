-- Password or factors have changed.
UPDATE person SET epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2
