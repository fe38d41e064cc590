-- Messages that are due, leased until $1; what another node is leasing is passed over.
UPDATE outbox SET due_at = $1, tries = tries + 1
WHERE tenant_id = $2 AND id IN (SELECT id FROM outbox
    WHERE tenant_id = $2 AND due_at <= $3 ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING id, message, made_at, tries, last_words
