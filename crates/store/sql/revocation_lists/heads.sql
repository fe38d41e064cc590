-- The addresses of revocation lists of other authorities, and how each fared.
SELECT address, tried_at, fetched_at, problem
FROM revocation_list WHERE tenant_id = $1 ORDER BY address LIMIT 500
