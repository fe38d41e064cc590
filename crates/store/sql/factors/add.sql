-- A factor of a person that exists; a passkey's credential is nobody else's.
INSERT INTO factor (tenant_id, person_id, id, method, binding, state, suspended_until, label,
    secret, registered_at, last_used_at, last_step, codes, spent, credential)
SELECT person.tenant_id, person.id, $1, $2, $3, $4, NULL, $5, $6, $7, NULL, $8, $9, 0, $10
FROM person WHERE person.tenant_id = $11 AND person.id = $12
ON CONFLICT DO NOTHING
