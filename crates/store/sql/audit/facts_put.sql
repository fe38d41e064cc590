-- The facts beside a line.
INSERT INTO audit_facts (tenant_id, writer, sequence, at, salt, facts)
VALUES ($1, $2, $3, $4, $5, $6)
