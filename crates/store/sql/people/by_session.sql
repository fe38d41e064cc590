-- The person of a session with what a sign-in needs.
SELECT document, state, updated_at, password, epoch, ever_had_factor, preferences, id FROM person
WHERE tenant_id = $1
AND id = (SELECT person_id FROM session WHERE tenant_id = $1 AND digest = $2)
