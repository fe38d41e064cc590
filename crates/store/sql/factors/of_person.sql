-- The factors of a person.
SELECT id, method, binding, state, suspended_until, label, secret, registered_at, last_used_at,
    last_step, codes, spent
FROM factor WHERE tenant_id = $1 AND person_id = $2 ORDER BY registered_at, id
