-- All grants that the session of a cookie gave end.
UPDATE token_grant SET ended_at = $1
WHERE tenant_id = $2 AND ended_at IS NULL
AND person_id = (SELECT person_id FROM session WHERE tenant_id = $2 AND digest = $3)
AND session_id = (SELECT id FROM session WHERE tenant_id = $2 AND digest = $3)
