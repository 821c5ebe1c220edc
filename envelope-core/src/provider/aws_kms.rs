//! AWS Key Management Service (feature `aws-kms`).

mod classify;

use core::{fmt, time::Duration};
use std::collections::HashMap;

use aws_sdk_kms::{
    Client,
    config::{
        BehaviorVersion, Region,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryConfig},
        timeout::TimeoutConfig,
    },
    primitives::Blob,
    types::DataKeySpec,
};
use zeroize::Zeroizing;

use self::classify::classify;
use super::{BoxFuture, GeneratedKey, KeyProvider};
use crate::{
    error::ProviderError,
    key::{DataKey, EncryptionContext, WrappedKey},
};

/// How long one attempt of a call may take.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long a call may take with all its attempts. The SDK itself would wait for ever.
const OPERATION: Duration = Duration::from_secs(5);
/// How many attempts a call has. Between them the SDK's standard mode waits with full jitter.
const ATTEMPTS: u32 = 4;

/// A symmetric key in AWS KMS.
///
/// The application needs `kms:GenerateDataKey` and `kms:Decrypt` on the key, `kms:ReEncrypt*` where it rewraps, and `kms:Encrypt` where the
/// key is a [further](crate::KeyringBuilder::also_wrapped_by) one. Every call carries the
/// encryption context of FORMAT.md#encryption-context, so a key policy can tie the permission to an application or a tenant.
///
/// # Security
///
/// The service's answer holds the data key in base64. The buffers of the SDK and of TLS through which it came are not wiped.
///
/// # Example
///
/// ```no_run
/// use envelope_core::{AwsKms, FileStore, Keyring};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// // Credentials and region as the AWS tools find them.
/// let kms = AwsKms::from_env("arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab").await?;
/// let keyring = Keyring::builder(kms, FileStore::new("keys.json")).application("shop").open().await?;
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// [GenerateDataKey], [Decrypt], [ReEncrypt].
///
/// [GenerateDataKey]: https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
/// [Decrypt]: https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
/// [ReEncrypt]: https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
pub struct AwsKms {
    client: Client,
    /// The ARN of the key that wraps.
    key: String,
    /// ARNs of keys that wrapped before it.
    former: Vec<String>,
}

impl AwsKms {
    /// The key with this ARN, in the ARN's region, with credentials from the environment, a profile, or the machine's role.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotAnArn`].
    pub async fn from_env(key_arn: impl Into<String>) -> Result<Self, ProviderError> {
        let key = KeyArn::parse(key_arn.into())?;
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        // A key answers in its own region only, whatever region the environment names.
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(key.region().to_owned()))
            .http_client(http)
            .load()
            .await;
        Ok(Self::with(Client::new(&config), key))
    }

    /// The key with this ARN, through a client that is ready for use.
    ///
    /// The client's timeouts and retries are replaced by ours (1 s for an attempt, 5 s and 4 attempts for a call): see
    /// [`timeouts`](Self::timeouts).
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotAnArn`].
    pub fn new(client: Client, key_arn: impl Into<String>) -> Result<Self, ProviderError> {
        Ok(Self::with(client, KeyArn::parse(key_arn.into())?))
    }

    fn with(client: Client, key: KeyArn) -> Self {
        let client = Client::from_conf(client.config().to_builder().retry_classifier(LostConnection).build());
        Self { client, key: key.0, former: Vec::new() }.timeouts(ATTEMPT, OPERATION, ATTEMPTS)
    }

    /// The ARN of a key that is known by its alias or id. Needs `kms:DescribeKey`.
    ///
    /// # Errors
    ///
    /// When the service does not answer or refuses, or there is no such key.
    pub async fn resolve(client: &Client, alias_or_id: &str) -> Result<String, ProviderError> {
        let described =
            client.describe_key().key_id(alias_or_id).send().await.map_err(|e| classify(&e, alias_or_id))?;
        described
            .key_metadata
            .and_then(|metadata| metadata.arn)
            .ok_or_else(|| ProviderError::NotFound(format!("no ARN for {alias_or_id}").into()))
    }

    /// How long one attempt and a whole call may take, and how many attempts there are.
    #[must_use]
    pub fn timeouts(mut self, attempt: Duration, operation: Duration, attempts: u32) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(attempt)
            .read_timeout(attempt)
            .operation_attempt_timeout(attempt)
            .operation_timeout(operation)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(1));
        let config = self.client.config().to_builder().timeout_config(timeouts).retry_config(retries).build();
        self.client = Client::from_conf(config);
        self
    }

    /// As [`timeouts`](Self::timeouts), where what is not said stays as it is by default.
    #[cfg(feature = "config")]
    pub(crate) fn timeouts_or_default(
        self,
        attempt: Option<Duration>,
        operation: Option<Duration>,
        attempts: Option<u32>,
    ) -> Self {
        self.timeouts(
            attempt.unwrap_or(ATTEMPT),
            operation.unwrap_or(OPERATION),
            attempts.unwrap_or(ATTEMPTS),
        )
    }

    /// Asks another endpoint than the region's own: a VPC endpoint, an emulator.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        let config = self.client.config().to_builder().endpoint_url(url).build();
        self.client = Client::from_conf(config);
        self
    }

    /// Another key of the same region, by its ARN, that wrapped data keys before this one: they are still unwrapped, and
    /// [`rewrap`](crate::Keyring::rewrap) moves them here.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotAnArn`].
    pub fn formerly(mut self, key_arn: impl Into<String>) -> Result<Self, ProviderError> {
        self.former.push(KeyArn::parse(key_arn.into())?.0);
        Ok(self)
    }

    /// The ARN of the key that wraps.
    #[must_use]
    pub fn key_arn(&self) -> &str {
        &self.key
    }

    /// A key that the configuration does not name is not asked: who can write the key table could name one of his own.
    fn accept<'a>(&self, wrapped: &'a WrappedKey) -> Result<&'a str, ProviderError> {
        let name = wrapped.provider_key();
        if self.knows(name) { Ok(name) } else { Err(self.wrong_key(name)) }
    }

    fn wrong_key(&self, found: &str) -> ProviderError {
        ProviderError::WrongKey { found: found.to_owned(), expected: self.key.clone() }
    }

    /// The key that answered is the one that was asked.
    fn check(&self, asked: &str, answered: Option<&str>) -> Result<(), ProviderError> {
        match answered {
            Some(answered) if answered == asked => Ok(()),
            Some(other) => {
                Err(ProviderError::WrongKey { found: other.to_owned(), expected: asked.to_owned() })
            }
            None => Err(ProviderError::BadAnswer("without the name of the key".into())),
        }
    }
}

impl KeyProvider for AwsKms {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        Box::pin(async move {
            let answer = self
                .client
                .generate_data_key()
                .key_id(&self.key)
                .key_spec(DataKeySpec::Aes256)
                .set_encryption_context(Some(pairs(context)))
                .send()
                .await
                .map_err(|error| classify(&error, &self.key))?;
            self.check(&self.key, answer.key_id.as_deref())?;
            let key = data_key(answer.plaintext)?;
            let wrapped = wrapped_key(&self.key, answer.ciphertext_blob)?;
            Ok(GeneratedKey { key, wrapped })
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move {
            let name = self.accept(wrapped)?;
            let answer = self
                .client
                .decrypt()
                .key_id(name)
                .ciphertext_blob(Blob::new(wrapped.bytes()))
                .set_encryption_context(Some(pairs(context)))
                .send()
                .await
                .map_err(|error| classify(&error, name))?;
            self.check(name, answer.key_id.as_deref())?;
            data_key(answer.plaintext)
        })
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async move {
            let answer = self
                .client
                .encrypt()
                .key_id(&self.key)
                .plaintext(Blob::new(&key.expose_secret()[..]))
                .set_encryption_context(Some(pairs(context)))
                .send()
                .await
                .map_err(|error| classify(&error, &self.key))?;
            self.check(&self.key, answer.key_id.as_deref())?;
            wrapped_key(&self.key, answer.ciphertext_blob)
        })
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async move {
            let name = self.accept(wrapped)?;
            let answer = self
                .client
                .re_encrypt()
                .source_key_id(name)
                .destination_key_id(&self.key)
                .ciphertext_blob(Blob::new(wrapped.bytes()))
                .set_source_encryption_context(Some(pairs(context)))
                .set_destination_encryption_context(Some(pairs(context)))
                .send()
                .await
                .map_err(|error| classify(&error, name))?;
            self.check(&self.key, answer.key_id.as_deref())?;
            self.check(name, answer.source_key_id.as_deref())?;
            wrapped_key(&self.key, answer.ciphertext_blob)
        })
    }

    fn knows(&self, provider_key: &str) -> bool {
        provider_key == self.key || self.former.iter().any(|former| former == provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        Some(&self.key)
    }
}

impl fmt::Debug for AwsKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKms").field("key", &self.key).field("former", &self.former).finish_non_exhaustive()
    }
}

/// Tries again where the client took a connection out of its pool whose runtime is gone: that of another keyring, or of the
/// application. The SDK takes it for the user's mistake.
#[derive(Debug)]
struct LostConnection;

impl ClassifyRetry for LostConnection {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error =
            context.output_or_error().and_then(Result::err).and_then(|error| error.as_connector_error());
        match error {
            Some(error) if error.is_user() => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "envelope: lost connection"
    }
}

fn pairs(context: &EncryptionContext) -> HashMap<String, String> {
    context.pairs().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn data_key(plaintext: Option<Blob>) -> Result<DataKey, ProviderError> {
    let bytes = Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default());
    let bytes = <&[u8; DataKey::LEN]>::try_from(bytes.as_slice())
        .map_err(|_| ProviderError::BadAnswer(format!("with a data key of {} bytes", bytes.len())))?;
    Ok(DataKey::from_bytes(bytes))
}

fn wrapped_key(key: &str, blob: Option<Blob>) -> Result<WrappedKey, ProviderError> {
    let bytes = blob
        .map(Blob::into_inner)
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| ProviderError::BadAnswer("without a wrapped key".into()))?;
    Ok(WrappedKey::new(key.to_owned(), bytes))
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`.
struct KeyArn(String);

impl KeyArn {
    fn parse(text: String) -> Result<Self, ProviderError> {
        let is_arn = match *text.split(':').collect::<Vec<_>>() {
            ["arn", partition, "kms", region, account, key] => {
                let id = key.strip_prefix("key/").unwrap_or_default();
                [partition, region, account, id].iter().all(|part| !part.is_empty())
            }
            _ => false,
        };
        if is_arn { Ok(Self(text)) } else { Err(ProviderError::NotAnArn(text)) }
    }

    fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}
