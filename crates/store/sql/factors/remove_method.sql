-- All factors of a kind go.
DELETE FROM factor WHERE tenant_id = $1 AND person_id = $2 AND method = $3
