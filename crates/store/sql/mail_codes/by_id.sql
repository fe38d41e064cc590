-- How a code by mail fares.
SELECT id, purpose, address, number, made_at, expires_at, state, state_at, tries, next_at, server, words, ended_at
FROM mail_code WHERE tenant_id = $1 AND person_id = $2 AND id = $3
