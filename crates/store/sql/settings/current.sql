-- The settings in force.
SELECT site.version, site.document, site.applied_at, site.applied_by
FROM tenant JOIN site ON site.tenant_id = tenant.id AND site.version = tenant.site_version
WHERE tenant.id = $1
