-- Codes by mail that were sent before $2 go, a few at a time.
DELETE FROM mail_code WHERE tenant_id = $1 AND (person_id, id) IN (SELECT person_id, id FROM mail_code
    WHERE tenant_id = $1 AND made_at < $2 ORDER BY made_at LIMIT 500)
