-- Another label.
UPDATE factor SET label = $1 WHERE tenant_id = $2 AND person_id = $3 AND id = $4
