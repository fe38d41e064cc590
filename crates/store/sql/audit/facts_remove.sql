-- The facts beside lines from the beginning of a chain go.
DELETE FROM audit_facts WHERE tenant_id = $1 AND writer = $2 AND sequence <= $3
