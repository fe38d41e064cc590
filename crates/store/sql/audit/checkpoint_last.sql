-- The last checkpoint.
SELECT number, at, body FROM checkpoint WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1
