-- A certificate of a person that exists, if they have fewer than $14 that are good.
INSERT INTO certificate (tenant_id, person_id, serial, authority, label, document, issued_at, issued_by,
    expires_at, account_until, revoked_at, reason, binding, file, file_until)
SELECT person.tenant_id, person.id, $1, $2, $3, $4, $5, $6, $7, $8, NULL, 0, $9, $10, $11
FROM person WHERE person.tenant_id = $12 AND person.id = $13 AND (SELECT count(*) FROM certificate
    WHERE certificate.tenant_id = person.tenant_id AND certificate.person_id = person.id
        AND certificate.revoked_at IS NULL AND certificate.expires_at > $5) < $14
ON CONFLICT DO NOTHING
