-- When the next message of this urgency is due.
SELECT due_at FROM outbox WHERE tenant_id = $1 AND urgent = $2 ORDER BY due_at LIMIT 1
