-- What an authority took back, as far as it had not expired by $3.
SELECT serial, revoked_at, reason FROM certificate
WHERE tenant_id = $1 AND authority = $2 AND revoked_at > 0 AND expires_at >= $3 ORDER BY revoked_at, serial
