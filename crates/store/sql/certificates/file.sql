-- The file of a person's certificate, while it is kept.
SELECT file FROM certificate
WHERE tenant_id = $1 AND serial = $2 AND person_id = $3 AND file IS NOT NULL AND file_until > $4
