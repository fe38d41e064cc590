-- An authorization code.
INSERT INTO code (tenant_id, digest, person_id, grant_id, payload, expires_at, redeemed_at)
VALUES ($1, $2, $3, $4, $5, $6, NULL)
ON CONFLICT DO NOTHING
