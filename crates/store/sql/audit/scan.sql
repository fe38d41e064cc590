-- The lines of a writer in order.
SELECT line.writer, line.sequence, line.hash, line.line, facts.salt, facts.facts,
    line.at, line.person_id, line.incident
FROM audit_line AS line
LEFT JOIN audit_facts AS facts ON facts.tenant_id = line.tenant_id
    AND facts.writer = line.writer AND facts.sequence = line.sequence
WHERE line.tenant_id = $1 AND line.writer = $2 AND line.sequence >= $3
ORDER BY line.sequence LIMIT $4
