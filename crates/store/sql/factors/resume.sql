-- It can be used again.
UPDATE factor SET state = 'ready', suspended_until = NULL
WHERE tenant_id = $1 AND person_id = $2 AND id = $3 AND state = 'suspended'
