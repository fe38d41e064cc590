-- The account of a person ends at another moment, and their certificates with it.
UPDATE certificate SET account_until = $1 WHERE tenant_id = $2 AND person_id = $3 AND revoked_at IS NULL
