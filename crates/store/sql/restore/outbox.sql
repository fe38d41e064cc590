-- A new epoch: what waited may have been sent already.
DELETE FROM outbox
