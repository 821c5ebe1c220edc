-- The key table of envelope: one row for each data key. See FORMAT.md, "Key table".
CREATE TABLE envelope_keys (
    id BIGINT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    tenant BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    active_slot BYTEA UNIQUE,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    provider_key TEXT,
    wrapped BYTEA,
    further_wraps BYTEA NOT NULL,
    check_value BYTEA NOT NULL
);
CREATE INDEX envelope_keys_tenant ON envelope_keys (tenant);
