-- The versions that nodes poll.
SELECT site_version, keys_version FROM tenant WHERE id = $1
