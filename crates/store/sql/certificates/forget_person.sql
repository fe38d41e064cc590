-- The certificates of a person who is erased stay by number alone.
UPDATE certificate SET person_id = NULL, label = '', document = $1, issued_by = '',
    file = NULL, file_until = NULL
WHERE tenant_id = $2 AND person_id = $3
