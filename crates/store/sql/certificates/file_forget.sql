-- The file of a person's certificate is kept no longer.
UPDATE certificate SET file = NULL, file_until = NULL WHERE tenant_id = $1 AND serial = $2 AND person_id = $3
