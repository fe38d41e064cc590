-- A person with what a sign-in needs.
SELECT document, state, updated_at, password, epoch, ever_had_factor, preferences, id FROM person
WHERE tenant_id = $1 AND id = $2
