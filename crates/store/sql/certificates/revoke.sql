-- A certificate is taken back, once.
UPDATE certificate SET revoked_at = $1, reason = $2, account_until = NULL, file = NULL,
    file_until = NULL
WHERE tenant_id = $3 AND serial = $4 AND revoked_at IS NULL
