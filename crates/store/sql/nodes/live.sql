-- Nodes that were seen lately: a small table.
SELECT id, started_at, seen_at, known FROM node WHERE seen_at >= $1 ORDER BY started_at
