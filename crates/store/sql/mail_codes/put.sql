-- A code by mail, and nothing known of its way yet.
INSERT INTO mail_code (tenant_id, person_id, id, purpose, address, number, made_at, expires_at, state, state_at,
    tries, next_at, server, words, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $7, 0, NULL, NULL, NULL, NULL)
ON CONFLICT DO NOTHING
