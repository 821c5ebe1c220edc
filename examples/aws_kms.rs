//! Keys in AWS KMS: an application stores, rotates its data key, starts again, reads, and moves to another KMS key.
//!
//! ```sh
//! cargo run --example aws_kms --features aws-kms -- arn:aws:kms:eu-central-1:111122223333:key/1234abcd-…
//! ```
//!
//! Credentials come from the environment, as with the AWS tools. `--endpoint` (or `AWS_ENDPOINT_URL`) names another endpoint
//! than the region's own: a VPC endpoint, an emulator. `examples/terraform` makes the key and the permissions.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use envelope_sqlx::{AwsKms, ChangeError, Encrypted, FileStore, Keyring, Purpose};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};

/// Stores, rotates, starts again and reads, with keys in AWS KMS.
#[derive(Parser)]
struct Arguments {
    /// The ARN of a symmetric KMS key.
    key: String,
    /// The ARN of another key, to which the data keys are moved in the end.
    #[arg(long)]
    next: Option<String>,
    /// Another endpoint than the region's own.
    #[arg(long)]
    endpoint: Option<String>,
}

#[derive(Encrypted)]
#[encrypt(table = "patients")]
struct Patient {
    id: i64,
    #[encrypt]
    diagnosis: String,
}

/// An application that can be started and stopped. Its key store holds wrapped keys only.
struct Application {
    keyring: Keyring,
    pool: SqlitePool,
}

/// How long a data key stays in memory. Short, since a new key waits this long and a little more before it is written with.
const CACHE_TTL: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;

    let application = start(kms(&arguments, &arguments.key).await?, folder.path()).await?;
    sqlx::query("CREATE TABLE patients (id INTEGER PRIMARY KEY, diagnosis BLOB)")
        .execute(&application.pool)
        .await?;
    application.add("measles").await?;
    println!("stored     one row, under a data key that KMS made");

    let pending = application.keyring.rotate(Purpose::Encrypt).await?;
    println!("rotated    key {} is pending: other processes may not know it yet", pending.id);
    application.promote().await?;
    application.add("mumps").await?;
    println!("promoted   new rows are written with key {}", pending.id);
    application.stop().await;

    let application = start(kms(&arguments, &arguments.key).await?, folder.path()).await?;
    println!("restarted  and read {:?}", application.read().await?);

    let Some(next) = &arguments.next else { return Ok(()) };
    application.stop().await;
    let moving = kms(&arguments, next).await?.formerly(&arguments.key)?;
    let application = start(moving, folder.path()).await?;
    let rewrapped = application.keyring.rewrap().await?;
    application.stop().await;
    println!("rewrapped  {rewrapped} data keys, inside KMS; no row was touched");
    // The first key is not named any more, and can be disabled once no backup needs it.
    let application = start(kms(&arguments, next).await?, folder.path()).await?;
    println!("restarted  with the second key alone and read {:?}", application.read().await?);
    Ok(())
}

async fn kms(arguments: &Arguments, key: &str) -> Result<AwsKms, Box<dyn Error>> {
    let kms = AwsKms::from_env(key).await?;
    Ok(match &arguments.endpoint {
        Some(url) => kms.endpoint(url),
        None => kms,
    })
}

async fn start(kms: AwsKms, folder: &Path) -> Result<Application, Box<dyn Error>> {
    let file = |name: &str| -> PathBuf { folder.join(name) };
    let keyring = Keyring::builder(kms, FileStore::new(file("keys.json")))
        .application("aws-kms-example")
        .cache_ttl(CACHE_TTL)
        .open()
        .await?;
    let options = SqliteConnectOptions::new().filename(file("app.sqlite")).create_if_missing(true);
    Ok(Application { keyring, pool: SqlitePool::connect_with(options).await? })
}

impl Application {
    async fn add(&self, diagnosis: &str) -> Result<(), Box<dyn Error>> {
        // Asks KMS here, where it can be awaited, and only if the keys are not in memory.
        self.keyring.warm().await?;
        let insert = sqlx::query("INSERT INTO patients (diagnosis) VALUES (?)");
        self.keyring
            .scope(async { insert.bind(Patient::DIAGNOSIS.bind(diagnosis)).execute(&self.pool).await })
            .await?;
        Ok(())
    }

    async fn read(&self) -> Result<Vec<String>, Box<dyn Error>> {
        self.keyring.warm().await?;
        let select = sqlx::query_as("SELECT * FROM patients ORDER BY id");
        let patients: Vec<Patient> = self.keyring.scope(async { select.fetch_all(&self.pool).await }).await?;
        Ok(patients.into_iter().map(|patient| format!("{}: {}", patient.id, patient.diagnosis)).collect())
    }

    /// A running service need not do this: its processes promote a pending key when its time has come.
    async fn promote(&self) -> Result<(), ChangeError> {
        loop {
            match self.keyring.promote(Purpose::Encrypt).await {
                Err(ChangeError::TooEarly { wait, .. }) => tokio::time::sleep(wait).await,
                // Another process, or the keyring's own thread, was faster.
                Ok(_) | Err(ChangeError::NothingPending { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn stop(self) {
        self.pool.close().await;
    }
}
