-- Whether anybody is there.
SELECT CAST(1 AS BIGINT)
