-- All tickets of a person go.
DELETE FROM ticket WHERE tenant_id = $1 AND person_id = $2
