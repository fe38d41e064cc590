-- The grants of a person that have not ended, newest first.
SELECT id, person_id, client_id, session_id, payload, opened_at, expires_at, ended_at
FROM token_grant
WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > $3
ORDER BY opened_at DESC LIMIT $4
