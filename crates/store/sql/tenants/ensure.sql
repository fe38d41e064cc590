-- A tenant for a host, unless there is one.
INSERT INTO tenant (id, host, made_at, site_version, keys_version)
VALUES ($1, $2, $3, 0, 0)
ON CONFLICT DO NOTHING
