-- Certificates whose accounts ended by $2.
SELECT serial, person_id FROM certificate WHERE tenant_id = $1 AND account_until <= $2
ORDER BY account_until LIMIT 100
