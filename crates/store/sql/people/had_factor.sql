-- From now on the account has had a factor.
UPDATE person SET ever_had_factor = 1 WHERE tenant_id = $1 AND id = $2 AND ever_had_factor = 0
