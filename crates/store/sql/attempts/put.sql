-- An attempt begins.
INSERT INTO attempt (tenant_id, id, version, state, outcome, begun_at, expires_at, ended_at)
VALUES ($1, $2, 1, $3, $4, $5, $6, NULL)
ON CONFLICT DO NOTHING
