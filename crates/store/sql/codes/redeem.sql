-- A code is redeemed, once.
UPDATE code SET redeemed_at = $1
WHERE tenant_id = $2 AND digest = $3 AND redeemed_at IS NULL AND expires_at > $1
