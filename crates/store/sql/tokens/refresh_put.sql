-- A refresh token.
INSERT INTO refresh_token (tenant_id, digest, grant_id, issued_at, expires_at, rotated_at, successor)
VALUES ($1, $2, $3, $4, $5, NULL, NULL)
ON CONFLICT DO NOTHING
