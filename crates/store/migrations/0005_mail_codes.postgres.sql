-- Codes by mail: how each message fares, how many somebody was sent one after another, and which mail goes first.

CREATE TABLE mail_code (
    tenant_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    state_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT,
    server TEXT COLLATE "C",
    words TEXT COLLATE "C",
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, person_id, id)
);
CREATE INDEX mail_code_age ON mail_code (tenant_id, made_at);

CREATE TABLE mail_row (
    tenant_id BYTEA NOT NULL,
    person_id BYTEA NOT NULL,
    sent BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX mail_row_age ON mail_row (tenant_id, sent_at);

ALTER TABLE outbox ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_urgent ON outbox (tenant_id, urgent, due_at);
