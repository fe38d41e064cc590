-- What was proven in a session, said anew.
UPDATE session SET proofs = $1 WHERE tenant_id = $2 AND digest = $3 AND person_id = $4
