-- A key is forgotten.
DELETE FROM sealing_key WHERE tenant_id = $1 AND line = $2 AND name = $3
