-- Somebody does not want to be told once more that they would not get in from outside, for this reason.
UPDATE person SET prompt_dismissed = $1 WHERE tenant_id = $2 AND id = $3
