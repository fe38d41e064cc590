-- An attempt moves on, if it is still where the submit saw it.
UPDATE attempt SET version = version + 1, state = $1, outcome = $2
WHERE tenant_id = $3 AND id = $4 AND version = $5 AND ended_at IS NULL AND expires_at > $6
