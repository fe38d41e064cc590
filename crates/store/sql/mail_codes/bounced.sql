-- A code came back, once; it may be known sooner than that it was taken.
UPDATE mail_code SET state = 'bounced', state_at = $1, next_at = NULL, server = $2, words = $3
WHERE tenant_id = $4 AND id = $5 AND state IN ('waiting', 'deferred', 'accepted')
RETURNING address
