-- Revocation lists of other authorities, by the address that the settings name. `problem` is empty where the last try
-- went well.
CREATE TABLE revocation_list (
    tenant_id BYTEA NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    tried_at BIGINT NOT NULL,
    fetched_at BIGINT,
    document BYTEA,
    problem TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, address)
);
