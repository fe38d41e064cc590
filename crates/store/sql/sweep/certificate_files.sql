-- Files that were kept until before $2 go, a few at a time.
UPDATE certificate SET file = NULL, file_until = NULL WHERE tenant_id = $1 AND serial IN (SELECT serial
    FROM certificate WHERE tenant_id = $1 AND file_until < $2 ORDER BY file_until LIMIT 500)
