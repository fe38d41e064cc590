-- All sessions of a person end but one ($3; empty: all).
DELETE FROM session WHERE tenant_id = $1 AND person_id = $2 AND id <> $3
