-- A grant and all its tokens end.
UPDATE token_grant SET ended_at = $1 WHERE tenant_id = $2 AND id = $3 AND ended_at IS NULL
