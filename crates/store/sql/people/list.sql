-- People by user name, a page.
SELECT document, state, updated_at FROM person
WHERE tenant_id = $1 AND username > $2 ORDER BY username LIMIT $3
