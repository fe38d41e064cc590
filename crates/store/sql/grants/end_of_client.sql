-- All grants of a person to a client end.
UPDATE token_grant SET ended_at = $1
WHERE tenant_id = $2 AND person_id = $3 AND client_id = $4 AND ended_at IS NULL
