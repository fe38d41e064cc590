-- The guess was right: the counter begins anew.
DELETE FROM counter WHERE tenant_id = $1 AND key = $2
