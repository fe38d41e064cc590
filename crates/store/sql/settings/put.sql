-- The document of a version.
INSERT INTO site (tenant_id, version, document, applied_at, applied_by)
VALUES ($1, $2, $3, $4, $5)
