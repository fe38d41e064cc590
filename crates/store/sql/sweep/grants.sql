-- Grants that expired before $2 go, a few at a time.
DELETE FROM token_grant WHERE tenant_id = $1 AND id IN (SELECT id FROM token_grant
    WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT 500)
