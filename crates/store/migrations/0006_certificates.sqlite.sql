-- Certificates that an authority of ours issued. The row stays when the person is erased, without them: lists of what
-- was taken back must stay complete. An account that ends at `account_until` takes its certificates along.
-- `file` is the sealed file for its owner, for minutes.
CREATE TABLE certificate (
    tenant_id BLOB NOT NULL,
    serial BLOB NOT NULL,
    authority TEXT NOT NULL,
    person_id BLOB,
    label TEXT NOT NULL,
    document BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    issued_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    account_until INTEGER,
    revoked_at INTEGER,
    reason INTEGER NOT NULL,
    binding TEXT NOT NULL,
    file BLOB,
    file_until INTEGER,
    PRIMARY KEY (tenant_id, serial)
) WITHOUT ROWID;
CREATE INDEX certificate_person ON certificate (tenant_id, person_id);
CREATE INDEX certificate_revoked ON certificate (tenant_id, authority, revoked_at, expires_at);
CREATE INDEX certificate_account ON certificate (tenant_id, account_until);
CREATE INDEX certificate_expiry ON certificate (tenant_id, expires_at);
CREATE INDEX certificate_file ON certificate (tenant_id, file_until);
