//! A configuration that names KMS keys, with credentials and endpoint from the environment of a process of its own.

use std::{env, process::Command};

use envelope_core::{Config, ConfigError, MemoryStore, ProviderError};

use crate::support::{Note, World, block_on, new_key};

fn config(provider: &str) -> Config {
    toml::from_str(&format!("application = 'shop'\n{provider}")).unwrap()
}

fn error_of(provider: &str) -> ConfigError {
    block_on(config(provider).builder(MemoryStore::new())).unwrap_err()
}

#[test]
fn a_key_itself_or_an_alias_is_refused() {
    let secret = "0123456789abcdef".repeat(4);
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (provider, expected) in [
        (format!("[provider]\nkind = 'aws-kms'\nkey = '{secret}'"), "provider.key"),
        (format!("[provider]\nkind = 'aws-kms'\nkey = '{arn}'\nformer = ['{secret}']"), "provider.former"),
        (format!("[provider]\nkind = 'aws-kms'\nkey = '{arn}'\nendpoint = '{secret}'"), "provider.endpoint"),
    ] {
        let error = error_of(&provider);
        assert!(matches!(&error, ConfigError::HoldsKey { field } if field == expected), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
    for provider in [
        "[provider]\nkind = 'aws-kms'\nkey = 'alias/shop'".to_owned(),
        format!("[provider]\nkind = 'aws-kms'\nkey = '{arn}'\nformer = ['alias/shop']"),
    ] {
        let error = error_of(&provider);
        let is_named = error.to_string().starts_with("`provider`: `alias/shop` is not the ARN of a KMS key");
        assert!(is_named, "{error}");
        assert!(
            matches!(error, ConfigError::Provider { source: ProviderError::NotAnArn(_), .. }),
            "{error:?}"
        );
    }
}

#[test]
fn a_configuration_opens_keys_of_the_service() {
    let world = World::new();
    let (former, acme) = block_on(async { (new_key(&world.client).await, new_key(&world.client).await) });
    let endpoint = format!("http://{}", world.proxy.address);
    for url in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "SHOP_ENDPOINT"] {
        let before = world.proxy.all_calls();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "config::in_a_process_of_its_own", "--ignored"])
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
            .envs([("SHOP_KEY", &world.key), ("SHOP_FORMER", &former), ("SHOP_ACME", &acme)])
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("AWS_ENDPOINT_URL_KMS")
            .env_remove("SHOP_ENDPOINT")
            .env(url, &endpoint)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "{url}: {stdout}");
        // Two keys when the application starts, and the one that the tenant seals with.
        assert_eq!(world.proxy.all_calls() - before, 3, "{url}");
    }
}

#[test]
#[ignore = "`a_configuration_opens_keys_of_the_service` starts it with an environment"]
fn in_a_process_of_its_own() {
    let [key, former, acme] = ["SHOP_KEY", "SHOP_FORMER", "SHOP_ACME"].map(|name| env::var(name).unwrap());
    let endpoint =
        env::var("SHOP_ENDPOINT").map_or_else(|_| String::new(), |url| format!("endpoint = '{url}'"));
    let text = format!(
        "[provider]\nkind = 'aws-kms'\nkey = '{key}'\nformer = ['{former}']\nattempt_timeout_seconds = 20\n\
         attempts = 1\n{endpoint}\n[tenants.acme]\nkind = 'aws-kms'\nkey = '{acme}'\n{endpoint}\n",
    );
    let keyring =
        block_on(async { config(&text).builder(MemoryStore::new()).await.unwrap().open().await.unwrap() });
    let tenant = keyring.tenant("acme").unwrap();
    for (keyring, expected) in [(&keyring, &key), (&tenant, &acme)] {
        let value = keyring.seal(Note, "x").unwrap();
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
        let keys = block_on(keyring.keys()).unwrap();
        assert!(keys.iter().all(|info| info.provider_key.as_ref() == Some(expected)), "{keys:?}");
    }
}
