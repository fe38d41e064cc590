-- A new epoch: TOTP steps up to now are spent.
UPDATE factor SET last_step = $1 WHERE method = 'totp' AND (last_step IS NULL OR last_step < $1)
