-- How asking an address ended; an empty word if well.
UPDATE revocation_list SET problem = $1 WHERE tenant_id = $2 AND address = $3
