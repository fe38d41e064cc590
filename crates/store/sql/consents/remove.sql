-- What a person no longer allows a client.
DELETE FROM consent WHERE tenant_id = $1 AND person_id = $2 AND client_id = $3
