-- Whether there is anybody.
SELECT id FROM person WHERE tenant_id = $1 LIMIT 1
