-- One certificate.
SELECT serial, authority, person_id, label, document, issued_at, issued_by, expires_at, revoked_at, reason,
    binding
FROM certificate WHERE tenant_id = $1 AND serial = $2
