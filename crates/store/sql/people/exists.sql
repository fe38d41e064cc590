-- Whether a person exists.
SELECT epoch FROM person WHERE tenant_id = $1 AND id = $2
