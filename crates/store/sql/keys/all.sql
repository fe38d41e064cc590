-- All keys of a tenant: a handful.
SELECT line, name, state, moment, sealed, public, made_at FROM sealing_key
WHERE tenant_id = $1 ORDER BY line, made_at, name
