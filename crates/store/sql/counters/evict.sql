-- Counters beyond the cap go, the lowest and oldest first.
DELETE FROM counter WHERE tenant_id = $1 AND key IN (SELECT key FROM counter
    WHERE tenant_id = $1 AND (failures, touched_at) < ($2, $3)
    ORDER BY failures, touched_at LIMIT 500)
