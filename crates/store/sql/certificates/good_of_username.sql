-- The good certificates of a person, by user name.
SELECT serial, binding, issued_at
FROM certificate WHERE tenant_id = $1
AND person_id = (SELECT person.id FROM person WHERE person.tenant_id = $1 AND person.username = $2)
AND revoked_at IS NULL AND expires_at > $3 ORDER BY issued_at, serial LIMIT 200
