-- An attempt ends; only its outcome is kept.
UPDATE attempt SET version = version + 1, state = $1, outcome = $2, ended_at = $3
WHERE tenant_id = $4 AND id = $5 AND version = $6 AND ended_at IS NULL AND expires_at > $3
