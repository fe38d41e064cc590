-- A key in another state.
UPDATE sealing_key SET state = $1, moment = $2 WHERE tenant_id = $3 AND line = $4 AND name = $5
