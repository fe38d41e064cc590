-- When the first kept checkpoints were made.
SELECT number, at FROM checkpoint WHERE tenant_id = $1 ORDER BY number LIMIT $2
