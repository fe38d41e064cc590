-- Facts from before $2 go, a few at a time.
DELETE FROM audit_facts WHERE tenant_id = $1 AND (writer, sequence) IN (
    SELECT writer, sequence FROM audit_facts
    WHERE tenant_id = $1 AND at < $2 ORDER BY at LIMIT 500)
