-- A newer code ends this one; if it has not gone out yet, it never will.
UPDATE mail_code SET ended_at = $1, next_at = NULL,
    state = CASE WHEN state IN ('waiting', 'deferred') THEN 'given_up' ELSE state END
WHERE tenant_id = $2 AND person_id = $3 AND id = $4 AND ended_at IS NULL
