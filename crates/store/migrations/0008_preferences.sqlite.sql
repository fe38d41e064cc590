-- What a person wants to be asked for as the one more proof; nothing until they choose.
ALTER TABLE person ADD COLUMN preferences TEXT;
