-- All that a person allowed goes.
DELETE FROM consent WHERE tenant_id = $1 AND person_id = $2
