-- A person is erased.
DELETE FROM person WHERE tenant_id = $1 AND id = $2
