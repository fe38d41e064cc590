-- A chain that ended and of which nothing is kept is forgotten.
DELETE FROM audit_writer WHERE tenant_id = $1 AND writer = $2 AND ended_at IS NOT NULL
