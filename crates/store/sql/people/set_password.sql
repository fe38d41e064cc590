-- A new password, if the epoch is still the one that the change was decided under.
UPDATE person SET password = $1, epoch = epoch + 1
WHERE tenant_id = $2 AND id = $3 AND epoch = COALESCE(CAST($4 AS BIGINT), epoch)
