-- A counter of guesses.
SELECT failures, touched_at, wait_until, reserved_until FROM counter
WHERE tenant_id = $1 AND key = $2
