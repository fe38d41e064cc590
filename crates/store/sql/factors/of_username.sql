-- The factors of a person, by user name.
SELECT id, method, binding, state, suspended_until, label, secret, registered_at, last_used_at,
    last_step, codes, spent
FROM factor WHERE tenant_id = $1
AND person_id = (SELECT person.id FROM person WHERE person.tenant_id = $1 AND person.username = $2)
ORDER BY registered_at, id
