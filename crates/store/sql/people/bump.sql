-- Password or factors have changed, or nothing of before is to count any more.
UPDATE person SET epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2
