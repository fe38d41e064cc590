-- What a person allows a client.
INSERT INTO consent (tenant_id, person_id, client_id, scopes, given_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, person_id, client_id)
DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at
