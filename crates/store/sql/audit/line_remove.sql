-- Lines from the beginning of a chain go.
DELETE FROM audit_line WHERE tenant_id = $1 AND writer = $2 AND sequence <= $3
