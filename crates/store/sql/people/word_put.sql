-- A word that a person is found by.
INSERT INTO person_word (tenant_id, word, person_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
