-- Tickets that expired before $2 go, a few at a time.
DELETE FROM ticket WHERE tenant_id = $1 AND (person_id, id) IN (SELECT person_id, id FROM ticket
    WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT 500)
