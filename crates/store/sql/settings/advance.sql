-- The next version, if nobody applied one meanwhile.
UPDATE tenant SET site_version = site_version + 1 WHERE id = $1 AND site_version = $2
