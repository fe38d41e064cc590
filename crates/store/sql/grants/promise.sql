-- A grant that a code promises. It ends with whatever ends grants, and is over with its code unless it is opened.
INSERT INTO token_grant (tenant_id, id, person_id, client_id, session_id, payload, opened_at,
    expires_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)
ON CONFLICT DO NOTHING
