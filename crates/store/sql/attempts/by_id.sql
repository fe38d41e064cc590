-- An attempt.
SELECT id, version, state, outcome, begun_at, expires_at, ended_at FROM attempt
WHERE tenant_id = $1 AND id = $2
