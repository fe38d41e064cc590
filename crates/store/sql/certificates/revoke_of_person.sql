-- All certificates of a person are taken back.
UPDATE certificate SET revoked_at = $1, reason = $2, account_until = NULL, file = NULL,
    file_until = NULL
WHERE tenant_id = $3 AND person_id = $4 AND revoked_at IS NULL
