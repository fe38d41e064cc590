-- Versions with who applied them when, newest first.
SELECT version, applied_at, applied_by FROM site
WHERE tenant_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3
