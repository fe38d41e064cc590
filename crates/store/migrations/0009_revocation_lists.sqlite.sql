-- Revocation lists of other authorities, by the address that the settings name. `problem` is empty where the last try
-- went well.
CREATE TABLE revocation_list (
    tenant_id BLOB NOT NULL,
    address TEXT NOT NULL,
    tried_at INTEGER NOT NULL,
    fetched_at INTEGER,
    document BLOB,
    problem TEXT NOT NULL,
    PRIMARY KEY (tenant_id, address)
);
