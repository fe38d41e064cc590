-- Nothing was checked: the reservation is given back.
UPDATE counter SET reserved_until = 0 WHERE tenant_id = $1 AND key = $2 AND reserved_until = $3
