-- A new epoch: no file is fetched any more.
UPDATE certificate SET file = NULL, file_until = NULL WHERE file IS NOT NULL
