-- The sessions of a person.
SELECT digest, id, person_id, opened_at, used_at, expires_at, epoch, proofs, device, zone
FROM session WHERE tenant_id = $1 AND person_id = $2
