-- A code was entered: the row begins anew.
DELETE FROM mail_row WHERE tenant_id = $1 AND person_id = $2
