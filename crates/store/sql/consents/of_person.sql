-- What a person allows.
SELECT client_id, scopes, given_at FROM consent
WHERE tenant_id = $1 AND person_id = $2 ORDER BY client_id
