-- A ticket for a person that exists, under their present epoch.
INSERT INTO ticket (tenant_id, person_id, id, digest, made_at, made_by, expires_at, tries_left,
    spent_at, purpose, epoch)
SELECT person.tenant_id, person.id, $1, $2, $3, $4, $5, 5, NULL, $6, person.epoch
FROM person WHERE person.tenant_id = $7 AND person.id = $8
ON CONFLICT DO NOTHING
