-- Whether the account may be used; $3 is 1 when it may not from now on, so that nothing of before comes back.
UPDATE person SET state = $1, updated_at = $2, epoch = epoch + $3
WHERE tenant_id = $4 AND id = $5
