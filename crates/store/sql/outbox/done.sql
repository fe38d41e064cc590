-- A message was sent, or given up.
DELETE FROM outbox WHERE tenant_id = $1 AND id = $2
