-- The first schema. Hot tables are keyed by tenant and something evenly spread.

CREATE TABLE tenant (
    id BYTEA NOT NULL PRIMARY KEY,
    host TEXT COLLATE "C" NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    site_version BIGINT NOT NULL,
    keys_version BIGINT NOT NULL
);

CREATE TABLE site (
    tenant_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE sealing_key (
    tenant_id BYTEA NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    moment BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    public TEXT COLLATE "C",
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, line, name)
);

CREATE TABLE node (
    id BYTEA NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    known TEXT COLLATE "C" NOT NULL
);

CREATE TABLE person (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    password TEXT COLLATE "C",
    epoch BIGINT NOT NULL,
    ever_had_factor BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX person_username ON person (tenant_id, username);

CREATE TABLE person_word (
    tenant_id BYTEA NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    person_id BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, word, person_id)
);
CREATE INDEX person_word_person ON person_word (tenant_id, person_id);

CREATE TABLE factor (
    tenant_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    binding TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    suspended_until BIGINT,
    label TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    registered_at BIGINT NOT NULL,
    last_used_at BIGINT,
    last_step BIGINT,
    codes BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, person_id, id)
);

CREATE TABLE burned_step (
    tenant_id BYTEA NOT NULL,
    factor_id BYTEA NOT NULL,
    step BIGINT NOT NULL,
    burned_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, factor_id, step)
);
CREATE INDEX burned_step_age ON burned_step (tenant_id, burned_at);

CREATE TABLE ticket (
    tenant_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    tries_left BIGINT NOT NULL,
    spent_at BIGINT,
    PRIMARY KEY (tenant_id, person_id, id)
);
CREATE INDEX ticket_expiry ON ticket (tenant_id, expires_at);

CREATE TABLE attempt (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    state BYTEA NOT NULL,
    outcome BYTEA,
    begun_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX attempt_expiry ON attempt (tenant_id, expires_at);

CREATE TABLE counter (
    tenant_id BYTEA NOT NULL,
    key BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    wait_until BIGINT NOT NULL,
    reserved_until BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX counter_rank ON counter (tenant_id, failures, touched_at);

CREATE TABLE session (
    tenant_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    proofs TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
CREATE UNIQUE INDEX session_person ON session (tenant_id, person_id, id);
CREATE INDEX session_expiry ON session (tenant_id, expires_at);

CREATE TABLE code (
    tenant_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    grant_id BYTEA NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX code_expiry ON code (tenant_id, expires_at);

CREATE TABLE token_grant (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    session_id BYTEA,
    payload TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX token_grant_person ON token_grant (tenant_id, person_id, opened_at);
CREATE INDEX token_grant_expiry ON token_grant (tenant_id, expires_at);

CREATE TABLE access_token (
    tenant_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    grant_id BYTEA NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX access_token_expiry ON access_token (tenant_id, expires_at);

CREATE TABLE refresh_token (
    tenant_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    grant_id BYTEA NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT,
    successor BYTEA,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX refresh_token_expiry ON refresh_token (tenant_id, expires_at);

CREATE TABLE consent (
    tenant_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, person_id, client_id)
);

CREATE TABLE outbox (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    message BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    last_words TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_due ON outbox (tenant_id, due_at);

CREATE TABLE audit_writer (
    tenant_id BYTEA NOT NULL,
    writer BYTEA NOT NULL,
    node_id BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    first_sequence BIGINT NOT NULL,
    first_previous BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, writer)
);

CREATE TABLE audit_line (
    tenant_id BYTEA NOT NULL,
    writer BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    person_id BYTEA,
    incident TEXT COLLATE "C",
    hash BYTEA NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, writer, sequence)
);
CREATE INDEX audit_line_person ON audit_line (tenant_id, person_id, at)
    WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX audit_line_incident ON audit_line (tenant_id, incident)
    WHERE incident IS NOT NULL;
CREATE INDEX audit_line_age ON audit_line (tenant_id, at);

CREATE TABLE audit_facts (
    tenant_id BYTEA NOT NULL,
    writer BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, writer, sequence)
);
CREATE INDEX audit_facts_age ON audit_facts (tenant_id, at);

CREATE TABLE checkpoint (
    tenant_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
