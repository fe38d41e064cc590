-- The first code of a row, if nobody began one meanwhile.
INSERT INTO mail_row (tenant_id, person_id, sent, sent_at)
SELECT person.tenant_id, person.id, $1, $2 FROM person WHERE person.tenant_id = $3 AND person.id = $4
ON CONFLICT DO NOTHING
