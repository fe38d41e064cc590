-- A new epoch: no attempt goes on.
DELETE FROM attempt
