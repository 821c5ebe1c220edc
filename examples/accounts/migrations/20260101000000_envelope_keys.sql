-- The key table of envelope: one row for each data key. See FORMAT.md, "Key table".
CREATE TABLE envelope_keys (
    id BIGINT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    tenant BLOB NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    active_slot BLOB UNIQUE,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    provider_key TEXT,
    wrapped BLOB,
    further_wraps BLOB NOT NULL,
    check_value BLOB NOT NULL
);
CREATE INDEX envelope_keys_tenant ON envelope_keys (tenant);
