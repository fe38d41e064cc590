-- A session of a person ends.
DELETE FROM session WHERE tenant_id = $1 AND person_id = $2 AND id = $3
