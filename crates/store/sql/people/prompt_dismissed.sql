-- For which reason somebody does not want to be told once more that they would not get in from outside.
SELECT prompt_dismissed FROM person WHERE tenant_id = $1 AND id = $2
