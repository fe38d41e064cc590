-- A signed checkpoint.
INSERT INTO checkpoint (tenant_id, number, at, body) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
