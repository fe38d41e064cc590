-- A standing session learns the person's new epoch.
UPDATE session SET epoch = $1 WHERE tenant_id = $2 AND digest = $3 AND person_id = $4
AND EXISTS (SELECT 1 FROM person WHERE person.tenant_id = $2 AND person.id = $4
    AND person.epoch = $1)
