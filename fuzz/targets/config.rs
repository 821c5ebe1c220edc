//! Configuration files, as TOML and as JSON.
#![no_main]

use envelope_core::{Config, MemoryStore};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let configs = [
        toml::from_str::<Config>(text).map_err(|error| error.to_string()),
        serde_json::from_str::<Config>(text).map_err(|error| error.to_string()),
    ];
    for config in configs.into_iter().flatten() {
        let _ = format!("{config:?}");
        // It would open files by the names that stand there.
        if !text.contains("local-key") {
            let built = pollster::block_on(config.builder(MemoryStore::new())).map(|builder| builder.build());
            let _ = built.map_err(|error| (error.to_string(), format!("{error:?}")));
        }
    }
});
