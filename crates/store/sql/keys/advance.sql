-- The next version of the set of keys, if nobody changed it meanwhile.
UPDATE tenant SET keys_version = keys_version + 1 WHERE id = $1 AND keys_version = $2
