-- All factors of a kind go; a break-glass code is no sheet of its person's, and stays.
DELETE FROM factor
WHERE tenant_id = $1 AND person_id = $2 AND method = $3 AND binding <> 'break_glass'
