-- The certificates of a person, newest first.
SELECT serial, authority, person_id, label, document, issued_at, issued_by, expires_at, revoked_at, reason,
    binding
FROM certificate WHERE tenant_id = $1 AND person_id = $2 ORDER BY issued_at DESC, serial LIMIT 200
