//! A key in the emulator, and an application that uses it.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
};
use envelope_core::{
    AwsKms, Column, EncryptionContext, Field, KeyId, KeyRecord, KeyState, Keyring, KeyringBuilder,
    MemoryStore, Mode, Purpose, Randomized, Tenant, testing::TestClock,
};

use crate::{emulator, proxy::Proxy};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Note;

impl Column for Note {
    type Plain = String;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "note", "users.note", Mode::Randomized);
}

/// What the processes of an application share.
pub(crate) struct World {
    pub(crate) proxy: Proxy,
    pub(crate) client: Client,
    pub(crate) key: String,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
}

impl World {
    pub(crate) fn new() -> Self {
        let proxy = Proxy::start(emulator::address());
        let client = client(&format!("http://{}", proxy.address));
        let key = block_on(new_key(&client));
        Self { proxy, client, key, store: Arc::default(), clock: TestClock::new() }
    }

    /// The service, with times that suit a test.
    pub(crate) fn kms(&self) -> AwsKms {
        quick(AwsKms::new(self.client.clone(), &self.key).unwrap())
    }

    pub(crate) fn builder(&self) -> KeyringBuilder {
        Keyring::builder(self.kms(), Arc::clone(&self.store)).application("shop").clock(&self.clock)
    }

    /// One more process of the application.
    pub(crate) fn process(&self) -> Keyring {
        self.builder().open_blocking().unwrap()
    }
}

pub(crate) fn quick(kms: AwsKms) -> AwsKms {
    kms.timeouts(Duration::from_millis(500), Duration::from_secs(2), 3)
}

/// A client that knows no TLS and no machine's credentials.
pub(crate) fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// The ARN of a new key.
pub(crate) async fn new_key(client: &Client) -> String {
    client.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap()
}

/// What a data key of the application `shop` is bound to.
pub(crate) fn context(tenant: &str) -> EncryptionContext {
    let record = KeyRecord {
        id: KeyId::new(7).unwrap(),
        application: "shop".into(),
        tenant: Tenant::new(tenant).unwrap(),
        purpose: Purpose::Encrypt,
        state: KeyState::Active,
        revision: 1,
        created_at: 0,
        changed_at: 0,
        wrapped: None,
        further_wraps: Vec::new(),
        check: Vec::new(),
    };
    record.context()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Waits for what happens on the keyring's thread.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come about that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Gives the keyring's thread time to do what it should not do.
pub(crate) fn settle() {
    thread::sleep(Duration::from_millis(100));
}
