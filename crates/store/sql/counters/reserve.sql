-- A guess is reserved, unless one is being checked, a wait runs, or the counter is closed. A counter
-- that nobody touched for a day begins anew. ($4: until when; $5: a day ago)
INSERT INTO counter (tenant_id, key, failures, touched_at, wait_until, reserved_until)
VALUES ($1, $2, 0, $3, $3, $4)
ON CONFLICT (tenant_id, key) DO UPDATE SET
    failures = CASE WHEN counter.touched_at < $5 THEN 0 ELSE counter.failures END,
    wait_until = CASE WHEN counter.touched_at < $5 THEN $3 ELSE counter.wait_until END,
    touched_at = CASE WHEN counter.touched_at < $5 THEN $3 ELSE counter.touched_at END,
    reserved_until = $4
WHERE counter.touched_at < $5
OR (counter.wait_until <= $3 AND counter.reserved_until <= $3 AND counter.failures < 100)
RETURNING failures
