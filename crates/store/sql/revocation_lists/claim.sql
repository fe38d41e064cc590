-- One node asks an address now, if nobody has for long enough.
INSERT INTO revocation_list (tenant_id, address, tried_at, fetched_at, document, problem)
VALUES ($1, $2, $3, NULL, NULL, '')
ON CONFLICT (tenant_id, address) DO UPDATE SET tried_at = excluded.tried_at
WHERE revocation_list.tried_at <= $4
