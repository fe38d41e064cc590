-- The first schema. Hot tables are keyed by tenant and something evenly spread.

CREATE TABLE tenant (
    id BLOB NOT NULL PRIMARY KEY,
    host TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    site_version INTEGER NOT NULL,
    keys_version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE site (
    tenant_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    applied_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE sealing_key (
    tenant_id BLOB NOT NULL,
    line TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    moment INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    public TEXT,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, line, name)
) WITHOUT ROWID;

CREATE TABLE node (
    id BLOB NOT NULL PRIMARY KEY,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    known TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE person (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    username TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    password TEXT,
    epoch INTEGER NOT NULL,
    ever_had_factor INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX person_username ON person (tenant_id, username);

CREATE TABLE person_word (
    tenant_id BLOB NOT NULL,
    word TEXT NOT NULL,
    person_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, word, person_id)
) WITHOUT ROWID;
CREATE INDEX person_word_person ON person_word (tenant_id, person_id);

CREATE TABLE factor (
    tenant_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    id BLOB NOT NULL,
    method TEXT NOT NULL,
    binding TEXT NOT NULL,
    state TEXT NOT NULL,
    suspended_until INTEGER,
    label TEXT NOT NULL,
    secret BLOB NOT NULL,
    registered_at INTEGER NOT NULL,
    last_used_at INTEGER,
    last_step INTEGER,
    codes INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, person_id, id)
) WITHOUT ROWID;

CREATE TABLE burned_step (
    tenant_id BLOB NOT NULL,
    factor_id BLOB NOT NULL,
    step INTEGER NOT NULL,
    burned_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, factor_id, step)
) WITHOUT ROWID;
CREATE INDEX burned_step_age ON burned_step (tenant_id, burned_at);

CREATE TABLE ticket (
    tenant_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    id BLOB NOT NULL,
    digest BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    tries_left INTEGER NOT NULL,
    spent_at INTEGER,
    PRIMARY KEY (tenant_id, person_id, id)
) WITHOUT ROWID;
CREATE INDEX ticket_expiry ON ticket (tenant_id, expires_at);

CREATE TABLE attempt (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    state BLOB NOT NULL,
    outcome BLOB,
    begun_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX attempt_expiry ON attempt (tenant_id, expires_at);

CREATE TABLE counter (
    tenant_id BLOB NOT NULL,
    key BLOB NOT NULL,
    failures INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    reserved_until INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;
CREATE INDEX counter_rank ON counter (tenant_id, failures, touched_at);

CREATE TABLE session (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    proofs TEXT NOT NULL,
    device TEXT NOT NULL,
    zone TEXT NOT NULL,
    PRIMARY KEY (tenant_id, digest)
) WITHOUT ROWID;
CREATE UNIQUE INDEX session_person ON session (tenant_id, person_id, id);
CREATE INDEX session_expiry ON session (tenant_id, expires_at);

CREATE TABLE code (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    person_id BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    payload TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    redeemed_at INTEGER,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX code_expiry ON code (tenant_id, expires_at);

CREATE TABLE token_grant (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    session_id BLOB,
    payload TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX token_grant_person ON token_grant (tenant_id, person_id, opened_at);
CREATE INDEX token_grant_expiry ON token_grant (tenant_id, expires_at);

CREATE TABLE access_token (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    payload TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, digest)
) WITHOUT ROWID;
CREATE INDEX access_token_expiry ON access_token (tenant_id, expires_at);

CREATE TABLE refresh_token (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rotated_at INTEGER,
    successor BLOB,
    PRIMARY KEY (tenant_id, digest)
) WITHOUT ROWID;
CREATE INDEX refresh_token_expiry ON refresh_token (tenant_id, expires_at);

CREATE TABLE consent (
    tenant_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, person_id, client_id)
) WITHOUT ROWID;

CREATE TABLE outbox (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    message BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    last_words TEXT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_due ON outbox (tenant_id, due_at);

CREATE TABLE audit_writer (
    tenant_id BLOB NOT NULL,
    writer BLOB NOT NULL,
    node_id BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    first_previous BLOB NOT NULL,
    PRIMARY KEY (tenant_id, writer)
) WITHOUT ROWID;

CREATE TABLE audit_line (
    tenant_id BLOB NOT NULL,
    writer BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    person_id BLOB,
    incident TEXT,
    hash BLOB NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (tenant_id, writer, sequence)
) WITHOUT ROWID;
CREATE INDEX audit_line_person ON audit_line (tenant_id, person_id, at)
    WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX audit_line_incident ON audit_line (tenant_id, incident)
    WHERE incident IS NOT NULL;
CREATE INDEX audit_line_age ON audit_line (tenant_id, at);

CREATE TABLE audit_facts (
    tenant_id BLOB NOT NULL,
    writer BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    salt BLOB NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, writer, sequence)
);
CREATE INDEX audit_facts_age ON audit_facts (tenant_id, at);

CREATE TABLE checkpoint (
    tenant_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, number)
) WITHOUT ROWID;
