-- A code is used, once, unless a newer one ended it.
UPDATE mail_code SET ended_at = $1
WHERE tenant_id = $2 AND person_id = $3 AND id = $4 AND ended_at IS NULL
