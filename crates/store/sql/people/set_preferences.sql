-- What a person wants to be asked for: what counted before may not count now.
UPDATE person SET preferences = $1, epoch = epoch + 1 WHERE tenant_id = $2 AND id = $3
