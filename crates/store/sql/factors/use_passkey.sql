-- A passkey signed: its counter grows, or it keeps none. Read again, the same answer does nothing.
UPDATE factor SET last_step = $1, last_used_at = $2, secret = COALESCE($3, secret)
WHERE tenant_id = $4 AND person_id = $5 AND id = $6 AND method = 'passkey'
AND (state = 'ready' OR (state = 'suspended' AND suspended_until <= $2))
AND (last_step IS NULL OR last_step < $1 OR (last_step = 0 AND $1 = 0))
