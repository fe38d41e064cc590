-- The good certificates of the person of a passkey.
SELECT serial, binding, issued_at
FROM certificate WHERE tenant_id = $1
AND person_id = (SELECT passkey.person_id FROM factor AS passkey
    WHERE passkey.tenant_id = $1 AND passkey.credential = $2)
AND revoked_at IS NULL AND expires_at > $3 ORDER BY issued_at, serial LIMIT 200
