-- A new epoch: every grant has ended.
UPDATE token_grant SET ended_at = $1 WHERE ended_at IS NULL
