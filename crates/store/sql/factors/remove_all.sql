-- All factors of a person go.
DELETE FROM factor WHERE tenant_id = $1 AND person_id = $2
