-- The same password under today's cost.
UPDATE person SET password = $1 WHERE tenant_id = $2 AND id = $3 AND password = $4
