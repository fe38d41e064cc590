-- All tenants with their hosts: a small table.
SELECT id, host FROM tenant ORDER BY host
