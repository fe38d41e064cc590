-- A new epoch: no ticket can be used.
UPDATE ticket SET tries_left = 0 WHERE spent_at IS NULL
