-- A new epoch: no code can be redeemed.
DELETE FROM code
