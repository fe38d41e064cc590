-- The good certificates of the person of a session.
SELECT serial, binding, issued_at
FROM certificate WHERE tenant_id = $1
AND person_id = (SELECT session.person_id FROM session
    WHERE session.tenant_id = $1 AND session.digest = $2)
AND revoked_at IS NULL AND expires_at > $3 ORDER BY issued_at, serial LIMIT 200
