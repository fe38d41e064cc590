-- What a ticket is for, and under which epoch of its person it was made: another password or factor ends it.
ALTER TABLE ticket ADD COLUMN purpose TEXT NOT NULL DEFAULT 'factor';
ALTER TABLE ticket ADD COLUMN epoch INTEGER;
