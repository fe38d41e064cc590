-- A line.
INSERT INTO audit_line (tenant_id, writer, sequence, at, person_id, incident, hash, line)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
