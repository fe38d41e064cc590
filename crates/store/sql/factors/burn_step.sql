-- A step of another moment is never accepted.
INSERT INTO burned_step (tenant_id, factor_id, step, burned_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
