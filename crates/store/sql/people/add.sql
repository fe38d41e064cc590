-- A new person.
INSERT INTO person (tenant_id, id, username, document, state, updated_at, password, epoch,
    ever_had_factor)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0)
ON CONFLICT DO NOTHING
