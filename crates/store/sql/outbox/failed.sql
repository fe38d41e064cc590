-- A message was not sent: when to try again, and what the other side said.
UPDATE outbox SET due_at = $1, last_words = $2 WHERE tenant_id = $3 AND id = $4
