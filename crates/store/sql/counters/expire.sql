-- Counters with so many failures that nobody touched for a day.
DELETE FROM counter WHERE tenant_id = $1 AND key IN (SELECT key FROM counter
    WHERE tenant_id = $1 AND failures = $2 AND touched_at < $3
    ORDER BY touched_at LIMIT 500)
