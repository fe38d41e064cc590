-- Checkpoints in order.
SELECT number, at, body FROM checkpoint
WHERE tenant_id = $1 AND number >= $2 ORDER BY number LIMIT $3
