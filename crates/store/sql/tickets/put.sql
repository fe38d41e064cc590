-- An enrolment ticket for a person that exists.
INSERT INTO ticket (tenant_id, person_id, id, digest, made_at, made_by, expires_at, tries_left,
    spent_at)
SELECT person.tenant_id, person.id, $1, $2, $3, $4, $5, 5, NULL
FROM person WHERE person.tenant_id = $6 AND person.id = $7
ON CONFLICT DO NOTHING
