-- It cannot be used for a while.
UPDATE factor SET state = 'suspended', suspended_until = $1
WHERE tenant_id = $2 AND person_id = $3 AND id = $4 AND state <> 'unfinished'
