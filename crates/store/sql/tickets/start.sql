-- The first half of a starting ticket is used, once: from now on it is for a factor, under the next epoch.
UPDATE ticket SET purpose = 'factor', epoch = epoch + 1
WHERE tenant_id = $1 AND person_id = $2 AND id = $3 AND purpose = 'start'
AND spent_at IS NULL AND tries_left > 0 AND expires_at > $4
AND epoch = (SELECT person.epoch FROM person
    WHERE person.tenant_id = $1 AND person.id = $2)
