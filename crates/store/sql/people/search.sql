-- People by the beginning of a word of their names or addresses, a page.
SELECT word.word, person.document, person.state, person.updated_at
FROM person_word AS word
JOIN person ON person.tenant_id = word.tenant_id AND person.id = word.person_id
WHERE word.tenant_id = $1 AND word.word >= $2 AND word.word < $3
AND (word.word, word.person_id) > ($4, $5)
ORDER BY word.word, word.person_id LIMIT $6
