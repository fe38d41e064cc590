-- By what a passkey is found that nobody was named for: a digest of its credential id, which is no other factor's.
ALTER TABLE factor ADD COLUMN credential BYTEA;
CREATE UNIQUE INDEX factor_credential ON factor (tenant_id, credential);
