-- When the next message is due.
SELECT due_at FROM outbox WHERE tenant_id = $1 ORDER BY due_at LIMIT 1
