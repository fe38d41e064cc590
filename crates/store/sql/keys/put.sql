-- A key.
INSERT INTO sealing_key (tenant_id, line, name, state, moment, sealed, public, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
