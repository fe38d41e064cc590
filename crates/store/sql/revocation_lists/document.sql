-- The list that came from an address.
SELECT document FROM revocation_list WHERE tenant_id = $1 AND address = $2
