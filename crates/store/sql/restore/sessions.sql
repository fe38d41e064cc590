-- A new epoch: no session is standing.
DELETE FROM session
