-- Where the kept part of a chain begins.
UPDATE audit_writer SET first_sequence = $1, first_previous = $2
WHERE tenant_id = $3 AND writer = $4
