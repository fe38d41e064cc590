-- The line of an incident code.
SELECT line.writer, line.sequence, line.hash, line.line, facts.salt, facts.facts
FROM audit_line AS line
LEFT JOIN audit_facts AS facts ON facts.tenant_id = line.tenant_id
    AND facts.writer = line.writer AND facts.sequence = line.sequence
WHERE line.tenant_id = $1 AND line.incident = $2
