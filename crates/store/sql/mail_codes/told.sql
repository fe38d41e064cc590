-- What became of a try to hand a code over; that it came back is the last word about it.
UPDATE mail_code SET state = $1, state_at = $2, tries = tries + 1, next_at = $3, server = $4, words = $5
WHERE tenant_id = $6 AND person_id = $7 AND id = $8 AND state <> 'bounced'
