-- All open tickets of a person end.
UPDATE ticket SET tries_left = 0 WHERE tenant_id = $1 AND person_id = $2 AND spent_at IS NULL
