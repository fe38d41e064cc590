-- How much an authority took back of what had not expired by $3, and when the last.
SELECT count(*), max(revoked_at) FROM certificate
WHERE tenant_id = $1 AND authority = $2 AND revoked_at > 0 AND expires_at >= $3
