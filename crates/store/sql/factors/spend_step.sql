-- A TOTP step and all before it are spent, if it is later than the last and not burned.
UPDATE factor SET last_step = $1, last_used_at = $2
WHERE tenant_id = $3 AND person_id = $4 AND id = $5
AND (state = 'ready' OR (state = 'suspended' AND suspended_until <= $2))
AND (last_step IS NULL OR last_step < $1)
AND NOT EXISTS (SELECT 1 FROM burned_step AS burned
    WHERE burned.tenant_id = $3 AND burned.factor_id = $5 AND burned.step = $1)
