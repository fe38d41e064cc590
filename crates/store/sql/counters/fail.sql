-- The guess was wrong: one more, and the next wait begins. The waits are those of the engine; a test
-- compares them.
INSERT INTO counter (tenant_id, key, failures, touched_at, wait_until, reserved_until)
VALUES ($1, $2, 1, CAST($3 AS BIGINT), CAST($3 AS BIGINT) + 1000, 0)
ON CONFLICT (tenant_id, key) DO UPDATE SET
    failures = counter.failures + 1,
    touched_at = $3,
    wait_until = CAST($3 AS BIGINT) + CASE
        WHEN counter.failures < 9 THEN 1000
        WHEN counter.failures = 9 THEN 15000
        WHEN counter.failures = 10 THEN 30000
        WHEN counter.failures = 11 THEN 60000
        WHEN counter.failures = 12 THEN 120000
        WHEN counter.failures = 13 THEN 300000
        WHEN counter.failures = 14 THEN 600000
        WHEN counter.failures < 99 THEN 900000
        ELSE 0 END,
    reserved_until = CASE WHEN counter.reserved_until = $4 THEN 0
        ELSE counter.reserved_until END
