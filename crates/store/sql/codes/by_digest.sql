-- An authorization code and its person.
SELECT code.grant_id, code.person_id, code.payload, code.expires_at, code.redeemed_at,
    person.document, person.state, person.updated_at, person.epoch
FROM code
LEFT JOIN person ON person.tenant_id = code.tenant_id AND person.id = code.person_id
WHERE code.tenant_id = $1 AND code.digest = $2
