-- The person is as somebody has seen them; their row is touched, so that nobody changes it meanwhile.
UPDATE person SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2 AND updated_at = $3
