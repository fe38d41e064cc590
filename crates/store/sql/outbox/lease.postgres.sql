-- Messages of an urgency that are due, leased until $1; what another node is leasing is passed over.
UPDATE outbox SET due_at = $1, tries = tries + 1
WHERE tenant_id = $2 AND id IN (SELECT id FROM outbox
    WHERE tenant_id = $2 AND urgent = $3 AND due_at <= $4 ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED)
RETURNING id, message, made_at, tries, last_words
