-- The factors of the person of a passkey.
SELECT id, method, binding, state, suspended_until, label, secret, registered_at, last_used_at,
    last_step, codes, spent
FROM factor WHERE tenant_id = $1
AND person_id = (SELECT passkey.person_id FROM factor AS passkey
    WHERE passkey.tenant_id = $1 AND passkey.credential = $2)
ORDER BY registered_at, id
