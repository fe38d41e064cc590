-- The lines about a person, newest first.
SELECT line.writer, line.sequence, line.hash, line.line, facts.salt, facts.facts
FROM audit_line AS line
LEFT JOIN audit_facts AS facts ON facts.tenant_id = line.tenant_id
    AND facts.writer = line.writer AND facts.sequence = line.sequence
WHERE line.tenant_id = $1 AND line.person_id = $2 AND line.at < $3
ORDER BY line.at DESC LIMIT $4
