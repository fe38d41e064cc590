-- A correct code was shown: an unfinished factor is ready.
UPDATE factor SET state = 'ready', last_step = $1, last_used_at = $2
WHERE tenant_id = $3 AND person_id = $4 AND id = $5 AND state = 'unfinished'
