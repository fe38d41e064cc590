-- The settings of one version.
SELECT version, document, applied_at, applied_by FROM site WHERE tenant_id = $1 AND version = $2
