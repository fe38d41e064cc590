-- A new epoch: no access token is good.
DELETE FROM access_token
