-- One recovery code is spent; $1 has its bit set.
UPDATE factor SET spent = spent | $1, last_used_at = $2
WHERE tenant_id = $3 AND person_id = $4 AND id = $5
AND (state = 'ready' OR (state = 'suspended' AND suspended_until <= $2))
AND codes > $6 AND (spent & $1) = 0
