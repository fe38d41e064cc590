-- The messages that wait longest.
SELECT id, message, made_at, tries, last_words, due_at FROM outbox
WHERE tenant_id = $1 ORDER BY due_at LIMIT $2
