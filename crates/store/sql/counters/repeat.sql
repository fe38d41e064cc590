-- The guess was wrong as it was before: it does not count again, and the wait of the failures that were counted
-- begins anew. The waits are those of the engine; a test compares them.
UPDATE counter SET
    wait_until = CAST($1 AS BIGINT) + CASE
        WHEN failures < 10 THEN 1000
        WHEN failures = 10 THEN 15000
        WHEN failures = 11 THEN 30000
        WHEN failures = 12 THEN 60000
        WHEN failures = 13 THEN 120000
        WHEN failures = 14 THEN 300000
        WHEN failures = 15 THEN 600000
        WHEN failures < 100 THEN 900000
        ELSE 0 END,
    reserved_until = CASE WHEN reserved_until = $2 THEN 0 ELSE reserved_until END
WHERE tenant_id = $3 AND key = $4
