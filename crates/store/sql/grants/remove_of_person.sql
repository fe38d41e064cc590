-- All grants of a person go.
DELETE FROM token_grant WHERE tenant_id = $1 AND person_id = $2
