-- The first kept line of a writer.
SELECT sequence, at, hash FROM audit_line
WHERE tenant_id = $1 AND writer = $2 ORDER BY sequence LIMIT $3
