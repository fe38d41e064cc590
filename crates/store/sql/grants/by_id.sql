-- A grant and its person.
SELECT token_grant.id, token_grant.person_id, token_grant.client_id, token_grant.session_id, token_grant.payload,
    token_grant.opened_at, token_grant.expires_at, token_grant.ended_at,
    person.document, person.state, person.updated_at, person.epoch
FROM token_grant
LEFT JOIN person ON person.tenant_id = token_grant.tenant_id AND person.id = token_grant.person_id
WHERE token_grant.tenant_id = $1 AND token_grant.id = $2
