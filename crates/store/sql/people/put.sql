-- A person's fields, unless the user name is another's; $5 is 1 when a changed state raises the epoch.
UPDATE person SET username = $1, document = $2, state = $3, updated_at = $4,
    epoch = epoch + CASE WHEN state = $3 THEN 0 ELSE CAST($5 AS BIGINT) END
WHERE tenant_id = $6 AND id = $7
AND NOT EXISTS (SELECT 1 FROM person AS other
    WHERE other.tenant_id = $6 AND other.username = $1 AND other.id <> $7)
