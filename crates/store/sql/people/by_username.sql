-- A person with what a sign-in needs, by user name.
SELECT document, state, updated_at, password, epoch, ever_had_factor, preferences, id FROM person
WHERE tenant_id = $1 AND username = $2
