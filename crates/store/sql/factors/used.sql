-- A factor was used.
UPDATE factor SET last_used_at = $1 WHERE tenant_id = $2 AND person_id = $3 AND id = $4
