-- A new epoch: codes that were sent count no more.
UPDATE mail_code SET ended_at = made_at WHERE ended_at IS NULL
