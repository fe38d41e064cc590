-- An address that the settings name no more.
DELETE FROM revocation_list WHERE tenant_id = $1 AND address = $2
