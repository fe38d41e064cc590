-- A session was used.
UPDATE session SET used_at = $1 WHERE tenant_id = $2 AND digest = $3 AND used_at < $1
