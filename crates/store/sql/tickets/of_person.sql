-- The tickets of a person, newest first.
SELECT id, digest, made_at, made_by, expires_at, tries_left, spent_at, purpose, epoch FROM ticket
WHERE tenant_id = $1 AND person_id = $2 ORDER BY made_at DESC, id
