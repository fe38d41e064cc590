-- A wrong try.
UPDATE ticket SET tries_left = tries_left - 1
WHERE tenant_id = $1 AND person_id = $2 AND id = $3 AND tries_left > 0
