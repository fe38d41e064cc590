-- All grants of a person end but those that one session gave ($4; empty: all).
UPDATE token_grant SET ended_at = $1
WHERE tenant_id = $2 AND person_id = $3 AND ended_at IS NULL
AND (session_id IS NULL OR session_id <> $4)
