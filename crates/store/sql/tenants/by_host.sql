-- The tenant of a host.
SELECT id FROM tenant WHERE host = $1
