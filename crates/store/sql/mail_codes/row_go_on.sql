-- One more code of a row, if it is still where it was read.
UPDATE mail_row SET sent = $1, sent_at = $2
WHERE tenant_id = $3 AND person_id = $4 AND sent = $5 AND sent_at = $6
