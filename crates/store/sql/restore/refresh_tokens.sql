-- A new epoch: no refresh token is good.
DELETE FROM refresh_token
