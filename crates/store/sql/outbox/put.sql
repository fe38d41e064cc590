-- A message that waits.
INSERT INTO outbox (tenant_id, id, message, made_at, due_at, tries, last_words, urgent)
VALUES ($1, $2, $3, $4, $5, 0, NULL, $6)
ON CONFLICT DO NOTHING
