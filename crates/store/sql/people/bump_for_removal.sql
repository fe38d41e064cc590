-- A factor that counted is about to go.
UPDATE person SET epoch = epoch + 1 WHERE tenant_id = $1 AND id = $2
AND EXISTS (SELECT 1 FROM factor WHERE factor.tenant_id = $1 AND factor.person_id = $2
    AND factor.id = $3 AND factor.state <> 'unfinished')
