-- A session ends.
DELETE FROM session WHERE tenant_id = $1 AND digest = $2
