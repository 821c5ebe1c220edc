-- The key table of envelope: one row for each data key. See FORMAT.md, "Key table".
CREATE TABLE envelope_keys (
    id BIGINT NOT NULL PRIMARY KEY,
    application VARCHAR(255) NOT NULL,
    tenant VARBINARY(255) NOT NULL,
    purpose VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    active_slot VARBINARY(263) UNIQUE,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    provider_key TEXT,
    wrapped BLOB,
    further_wraps MEDIUMBLOB NOT NULL,
    check_value VARBINARY(32) NOT NULL,
    INDEX envelope_keys_tenant (tenant)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
