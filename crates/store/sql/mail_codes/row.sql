-- How many codes somebody was sent one after another.
SELECT sent, sent_at FROM mail_row WHERE tenant_id = $1 AND person_id = $2
