-- An access token.
INSERT INTO access_token (tenant_id, digest, grant_id, payload, expires_at, ended_at)
VALUES ($1, $2, $3, $4, $5, NULL)
ON CONFLICT DO NOTHING
