-- Codes by mail: how each message fares, how many somebody was sent one after another, and which mail goes first.

CREATE TABLE mail_code (
    tenant_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    id BLOB NOT NULL,
    purpose TEXT NOT NULL,
    address TEXT NOT NULL,
    number INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER,
    server TEXT,
    words TEXT,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, person_id, id)
) WITHOUT ROWID;
CREATE INDEX mail_code_age ON mail_code (tenant_id, made_at);

CREATE TABLE mail_row (
    tenant_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    sent INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, person_id)
) WITHOUT ROWID;
CREATE INDEX mail_row_age ON mail_row (tenant_id, sent_at);

ALTER TABLE outbox ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_urgent ON outbox (tenant_id, urgent, due_at);
