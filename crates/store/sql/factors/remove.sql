-- A factor goes.
DELETE FROM factor WHERE tenant_id = $1 AND person_id = $2 AND id = $3
