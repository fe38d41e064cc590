-- The person has this epoch; their row is touched, so that nobody changes it meanwhile.
UPDATE person SET epoch = epoch WHERE tenant_id = $1 AND id = $2 AND epoch = $3
