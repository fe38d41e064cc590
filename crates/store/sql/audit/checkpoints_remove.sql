-- Checkpoints from the beginning go.
DELETE FROM checkpoint WHERE tenant_id = $1 AND number <= $2
