-- A node says good-bye, or was not seen for long.
DELETE FROM node WHERE id = $1 OR seen_at < $2
