-- Rows of codes by mail without one since $2 go, a few at a time.
DELETE FROM mail_row WHERE tenant_id = $1 AND person_id IN (SELECT person_id FROM mail_row
    WHERE tenant_id = $1 AND sent_at < $2 ORDER BY sent_at LIMIT 500)
