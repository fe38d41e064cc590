-- A factor of a person that exists.
INSERT INTO factor (tenant_id, person_id, id, method, binding, state, suspended_until, label,
    secret, registered_at, last_used_at, last_step, codes, spent)
SELECT person.tenant_id, person.id, $1, $2, $3, $4, NULL, $5, $6, $7, NULL, NULL, $8, 0
FROM person WHERE person.tenant_id = $9 AND person.id = $10
ON CONFLICT DO NOTHING
