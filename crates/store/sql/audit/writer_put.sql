-- A writer begins its chain.
INSERT INTO audit_writer (tenant_id, writer, node_id, opened_at, first_sequence, first_previous)
VALUES ($1, $2, $3, $4, 1, $5)
ON CONFLICT DO NOTHING
