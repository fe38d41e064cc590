-- A ticket is used, once.
UPDATE ticket SET spent_at = $1
WHERE tenant_id = $2 AND person_id = $3 AND id = $4 AND purpose = $5
AND spent_at IS NULL AND tries_left > 0 AND expires_at > $1
AND (epoch IS NULL OR epoch = (SELECT person.epoch FROM person
    WHERE person.tenant_id = $2 AND person.id = $3))
