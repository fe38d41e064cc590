-- An access token ends.
UPDATE access_token SET ended_at = $1 WHERE tenant_id = $2 AND digest = $3 AND ended_at IS NULL
