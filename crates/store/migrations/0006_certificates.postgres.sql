-- Certificates that an authority of ours issued. The row stays when the person is erased, without them: lists of what
-- was taken back must stay complete. An account that ends at `account_until` takes its certificates along.
-- `file` is the sealed file for its owner, for minutes.
CREATE TABLE certificate (
    tenant_id BYTEA NOT NULL,
    serial BYTEA NOT NULL,
    authority TEXT COLLATE "C" NOT NULL,
    person_id BYTEA,
    label TEXT COLLATE "C" NOT NULL,
    document BYTEA NOT NULL,
    issued_at BIGINT NOT NULL,
    issued_by TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    account_until BIGINT,
    revoked_at BIGINT,
    reason BIGINT NOT NULL,
    binding TEXT COLLATE "C" NOT NULL,
    file BYTEA,
    file_until BIGINT,
    PRIMARY KEY (tenant_id, serial)
);
CREATE INDEX certificate_person ON certificate (tenant_id, person_id);
CREATE INDEX certificate_revoked ON certificate (tenant_id, authority, revoked_at, expires_at);
CREATE INDEX certificate_account ON certificate (tenant_id, account_until);
CREATE INDEX certificate_expiry ON certificate (tenant_id, expires_at);
CREATE INDEX certificate_file ON certificate (tenant_id, file_until);
