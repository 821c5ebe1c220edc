//! A keyring from a configuration file.

use std::{fs, path::Path};

use envelope_core::{Config, ConfigError, KeyError, KeyProvider as _, LocalKey, MemoryStore};
use pollster::block_on;

use crate::support::Note;

fn config(text: &str) -> Config {
    toml::from_str(text).unwrap()
}

fn local(folder: &Path) -> String {
    format!(
        "application = 'shop'\nprovider = {{ kind = 'local-key', path = '{}' }}\n",
        folder.join("app.key").display()
    )
}

fn open_error(config: &Config) -> ConfigError {
    block_on(config.builder(MemoryStore::new())).unwrap_err()
}

#[test]
fn what_is_not_known_is_an_error_at_every_depth() {
    let good = "application = 'shop'\n[provider]\nkind = 'local-key'\npath = 'app.key'\n";
    config(good);
    for (text, expected) in [
        (format!("cache_ttl = 900\n{good}"), "unknown field `cache_ttl`"),
        (format!("{good}mode = 384\n"), "unknown field `mode`"),
        (format!("{good}[store]\nkind = 'file'\npath = 'keys.json'\nlock = 'x'\n"), "unknown field `lock`"),
        (format!("{good}[tenants.acme]\nkind = 'local-key'\nfile = 'x'\n"), "unknown field `file`"),
        (format!("{good}[[further_providers]]\nkind = 'age-recipient'\nkey = 'x'\n"), "unknown field `key`"),
        (format!("{good}[tenants.acme]\nkind = 'vault'\n"), "unknown variant `vault`"),
        (format!("algorithm = 'aes-128-cbc'\n{good}"), "unknown variant `aes-128-cbc`"),
        (format!("on_miss = 'panic'\n{good}"), "unknown variant `panic`"),
        (format!("on_miss = {{ wait = 5 }}\n{good}"), "unknown variant `wait`"),
        (format!("cache_ttl_seconds = 0\n{good}"), "nonzero"),
        (format!("cache_ttl_seconds = -1\n{good}"), "nonzero"),
        (format!("provider_timeout_seconds = 0\n{good}"), "nonzero"),
        (format!("max_tenants = 0\n{good}"), "nonzero"),
        ("application = 'shop'\n".to_owned(), "missing field `provider`"),
        ("[provider]\nkind = 'local-key'\npath = 'x'\n".to_owned(), "missing field `application`"),
        ("application = 'shop'\n[provider]\npath = 'x'\n".to_owned(), "missing field `kind`"),
    ] {
        let error = toml::from_str::<Config>(&text).unwrap_err();
        assert!(error.message().contains(expected), "{text}: {error}");
    }
    let json = r#"{"application": "shop", "provider": {"kind": "local-key", "path": "x", "key": "y"}}"#;
    let error = serde_json::from_str::<Config>(json).unwrap_err();
    assert!(error.to_string().contains("unknown field `key`"), "{error}");
}

#[test]
fn a_key_is_refused_and_not_shown() {
    let secrets = ["0123456789abcdef".repeat(4), "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=".to_owned()];
    for secret in &secrets {
        for (text, field) in [
            ("[provider]\nkind = 'local-key'\npath = 'VALUE'", "provider.path"),
            ("[provider]\nkind = 'aws-kms'\nkey = 'VALUE'", "provider.key"),
            ("[provider]\nkind = 'age-recipient'\nrecipient = 'VALUE'", "provider.recipient"),
            ("[provider]\nkind = 'age-recipient'\nrecipient = 'AGE-SECRET-KEY-1VALUE'", "provider.recipient"),
        ] {
            let text = text.replace("VALUE", secret);
            let config = config(&format!("application = 'shop'\n{text}\n"));
            assert!(!format!("{config:?}").contains(secret.as_str()));
            match open_error(&config) {
                ConfigError::FeatureOff { .. } => continue,
                error => {
                    let text = error.to_string();
                    assert!(matches!(error, ConfigError::HoldsKey { .. }), "{error:?}");
                    assert!(text.contains(field) && text.contains("never holds a key"), "{text}");
                    assert!(
                        !text.contains(secret.as_str()) && !format!("{error:?}").contains(secret.as_str())
                    );
                }
            }
        }
        let config =
            config(&format!("application = '{secret}'\n[provider]\nkind = 'local-key'\npath = 'app.key'\n"));
        assert!(matches!(open_error(&config), ConfigError::HoldsKey { .. }));
    }
    let dir = tempfile::tempdir().unwrap();
    LocalKey::create(dir.path().join("app.key")).unwrap();
    for (text, field) in [
        ("[store]\nkind = 'file'\npath = 'VALUE'", "store.path"),
        ("[[further_providers]]\nkind = 'local-key'\npath = 'VALUE'", "further_providers[0].path"),
        ("[tenants.acme]\nkind = 'local-key'\npath = 'VALUE'", "tenants.acme.path"),
    ] {
        let config = config(&(local(dir.path()) + &text.replace("VALUE", &secrets[0])));
        let error =
            if field == "store.path" { block_on(config.open()).unwrap_err() } else { open_error(&config) };
        assert!(matches!(&error, ConfigError::HoldsKey { field: found } if found == field), "{error:?}");
    }
}

#[test]
fn a_provider_that_does_not_open_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = open_error(&config(&local(dir.path()))).to_string();
    assert!(error.starts_with("`provider`: there is no key file"), "{error}");
    LocalKey::create(dir.path().join("app.key")).unwrap();
    let text = local(dir.path()) + "[tenants.acme]\nkind = 'local-key'\npath = '/nowhere/acme.key'\n";
    let error = open_error(&config(&text)).to_string();
    assert!(error.starts_with("`tenants.acme`: there is no key file"), "{error}");
    let text = local(dir.path())
        + "[tenants.'']\nkind = 'local-key'\npath = '"
        + &dir.path().join("app.key").display().to_string()
        + "'\n";
    assert!(matches!(open_error(&config(&text)), ConfigError::Tenant(_)));
}

#[test]
fn there_is_one_store() {
    let dir = tempfile::tempdir().unwrap();
    LocalKey::create(dir.path().join("app.key")).unwrap();
    let error = block_on(config(&local(dir.path())).open()).unwrap_err();
    assert!(
        matches!(error, ConfigError::NoStore) && error.to_string().contains("`Config::builder`"),
        "{error}"
    );
    let both = local(dir.path()) + "store = { kind = 'file', path = 'keys.json' }\n";
    assert!(matches!(open_error(&config(&both)), ConfigError::TwoStores));
}

#[test]
fn toml_and_json_say_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let text = format!(
        "application = 'shop'\nalgorithm = 'aes-256-gcm'\ncache_ttl_seconds = 60\nstale_if_error_seconds = 0\n\
         provider_timeout_seconds = 2\non_miss = 'fail'\nmax_tenants = 3\n\
         [provider]\nkind = 'local-key'\npath = '{}'\ncreate_if_missing = true\n\
         [store]\nkind = 'file'\npath = '{}'\n\
         [[further_providers]]\nkind = 'local-key'\npath = '{}'\ncreate_if_missing = true\n\
         [tenants.acme]\nkind = 'local-key'\npath = '{}'\ncreate_if_missing = true\n",
        path("app.key"),
        path("keys.json"),
        path("further.key"),
        path("acme.key"),
    );
    let keyring = block_on(config(&text).open()).unwrap();
    let acme = keyring.tenant("acme").unwrap();
    // The miss policy arrived: a key that is not in memory is not waited for.
    let error = acme.seal(Note, "x").unwrap_err();
    assert!(error.to_string().contains("are not in memory"), "{error}");
    block_on(acme.warm()).unwrap();
    let value = acme.seal(Note, "x").unwrap();
    let name = |key: &str| LocalKey::open(path(key)).unwrap().current_key().unwrap().to_owned();
    let provider_key = |keys: Vec<envelope_core::KeyInfo>| keys[0].provider_key.clone().unwrap();
    assert_eq!(provider_key(block_on(keyring.keys()).unwrap()), name("app.key"));
    assert_eq!(provider_key(block_on(acme.keys()).unwrap()), name("acme.key"));
    assert!(fs::read_to_string(path("keys.json")).unwrap().contains(&name("further.key")));

    let json: toml::Value = toml::from_str(&text).unwrap();
    let again: Config = serde_json::from_str(&serde_json::to_string(&json).unwrap()).unwrap();
    let acme = block_on(again.open()).unwrap().tenant("acme").unwrap();
    block_on(acme.warm()).unwrap();
    assert_eq!(acme.open(Note, &value).unwrap(), "x");

    // The name of the application arrived too: it is bound to the keys.
    let other: Config = toml::from_str(&text.replace("'shop'", "'blog'")).unwrap();
    let error = block_on(other.open()).unwrap_err();
    assert!(matches!(error, ConfigError::Key(KeyError::OtherApplication { .. })), "{error:?}");
}
