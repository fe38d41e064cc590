-- A session opens, if the person's epoch is the one that was proven under.
INSERT INTO session (tenant_id, digest, id, person_id, opened_at, used_at, expires_at, epoch,
    proofs, device, zone)
SELECT person.tenant_id, $1, $2, person.id, $3, $3, $4, person.epoch, $5, $6, $7
FROM person WHERE person.tenant_id = $8 AND person.id = $9 AND person.epoch = $10
ON CONFLICT DO NOTHING
