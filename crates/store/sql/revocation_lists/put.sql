-- A newer list came from an address.
UPDATE revocation_list SET document = $1, fetched_at = $2
WHERE tenant_id = $3 AND address = $4 AND (fetched_at IS NULL OR fetched_at < $2)
