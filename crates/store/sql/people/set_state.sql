-- Whether the account may be used.
UPDATE person SET state = $1, updated_at = $2 WHERE tenant_id = $3 AND id = $4
