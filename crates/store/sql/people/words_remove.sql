-- The words that a person is found by.
DELETE FROM person_word WHERE tenant_id = $1 AND person_id = $2
