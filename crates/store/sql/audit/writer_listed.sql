-- A checkpoint lists a chain up to a line, and may end it.
UPDATE audit_writer SET listed = $1, ended_at = $2 WHERE tenant_id = $3 AND writer = $4
