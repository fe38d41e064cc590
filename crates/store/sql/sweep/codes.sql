-- What expired before $2 goes, a few at a time.
DELETE FROM code WHERE tenant_id = $1 AND digest IN (SELECT digest FROM code
    WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT 500)
