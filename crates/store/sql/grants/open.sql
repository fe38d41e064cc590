-- A promised grant stands, if it has not ended and its session stands under the person's present epoch.
UPDATE token_grant SET expires_at = $1
WHERE tenant_id = $2 AND id = $3 AND ended_at IS NULL
AND EXISTS (SELECT 1 FROM session
    JOIN person ON person.tenant_id = session.tenant_id AND person.id = session.person_id
    WHERE session.tenant_id = $2 AND session.person_id = token_grant.person_id
    AND session.id = token_grant.session_id AND session.epoch = person.epoch)
