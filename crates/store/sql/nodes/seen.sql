-- A node lives, and knows these keys.
INSERT INTO node (id, started_at, seen_at, known) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, known = excluded.known
