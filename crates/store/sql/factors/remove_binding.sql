-- All factors that are bound in one way go.
DELETE FROM factor WHERE tenant_id = $1 AND person_id = $2 AND binding = $3
