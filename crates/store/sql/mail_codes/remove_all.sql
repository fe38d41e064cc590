-- An erased person's codes by mail.
DELETE FROM mail_code WHERE tenant_id = $1 AND person_id = $2
