-- A refresh token, its grant and its person.
SELECT token.issued_at, token.expires_at, token.rotated_at, token.successor,
    token_grant.id, token_grant.person_id, token_grant.client_id, token_grant.session_id, token_grant.payload,
    token_grant.opened_at, token_grant.expires_at, token_grant.ended_at,
    person.document, person.state, person.updated_at, person.epoch
FROM refresh_token AS token
JOIN token_grant ON token_grant.tenant_id = token.tenant_id AND token_grant.id = token.grant_id
LEFT JOIN person ON person.tenant_id = token_grant.tenant_id AND person.id = token_grant.person_id
WHERE token.tenant_id = $1 AND token.digest = $2
