-- A person's fields, unless the user name is another's.
UPDATE person SET username = $1, document = $2, state = $3, updated_at = $4
WHERE tenant_id = $5 AND id = $6
AND NOT EXISTS (SELECT 1 FROM person AS other
    WHERE other.tenant_id = $5 AND other.username = $1 AND other.id <> $6)
