-- The good certificates of a person.
SELECT serial, binding, issued_at
FROM certificate WHERE tenant_id = $1 AND person_id = $2
AND revoked_at IS NULL AND expires_at > $3 ORDER BY issued_at, serial LIMIT 200
