-- The facts about a person go; their commitments stay.
DELETE FROM audit_facts WHERE tenant_id = $1 AND (writer, sequence) IN (
    SELECT line.writer, line.sequence FROM audit_line AS line
    WHERE line.tenant_id = $1 AND line.person_id = $2)
