-- Certificates that expired before $2 go, a few at a time.
DELETE FROM certificate WHERE tenant_id = $1 AND serial IN (SELECT serial FROM certificate
    WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT 500)
