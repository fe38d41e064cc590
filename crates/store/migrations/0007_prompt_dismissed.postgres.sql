-- For which reason the account page no longer says that its owner would not get in from outside: they said so.
ALTER TABLE person ADD COLUMN prompt_dismissed TEXT COLLATE "C";
