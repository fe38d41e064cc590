-- A refresh token is spent, once, if its grant still stands.
UPDATE refresh_token SET rotated_at = $1, successor = $2
WHERE tenant_id = $3 AND digest = $4 AND grant_id = $5 AND rotated_at IS NULL AND expires_at > $1
AND EXISTS (SELECT 1 FROM token_grant WHERE token_grant.tenant_id = $3 AND token_grant.id = $5
    AND token_grant.ended_at IS NULL)
