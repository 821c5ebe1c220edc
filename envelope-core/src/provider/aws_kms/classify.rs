//! The service's errors → what the caller can do.

use aws_sdk_kms::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::error::ProviderError;

/// What the caller can do about an error. The messages of the service name keys and callers, never key bytes.
pub(super) fn classify<E>(error: &SdkError<E, HttpResponse>, asked: &str) -> ProviderError
where
    E: core::error::Error + ProvideErrorMetadata + 'static,
{
    let SdkError::ServiceError(service) = error else {
        // No answer of the service: a timeout, a connection that failed, an answer that is none. The chain of causes tells which.
        let mut text = error.to_string();
        let mut cause = core::error::Error::source(error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        return ProviderError::Unreachable(text.into());
    };
    let (status, answer) = (service.raw().status(), service.err());
    let cause = || match (answer.code(), answer.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}").into(),
        (Some(code), None) => code.to_owned().into(),
        (None, _) => format!("an answer of status {status} that is not of the service").into(),
    };
    match answer.code().unwrap_or_default() {
        "InvalidCiphertextException" => ProviderError::NotAuthentic,
        "IncorrectKeyException" => {
            ProviderError::WrongKey { found: "another key".into(), expected: asked.to_owned() }
        }
        "NotFoundException" => ProviderError::NotFound(cause()),
        "DisabledException" | "KMSInvalidStateException" => ProviderError::Disabled(cause()),
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "LimitExceededException" => ProviderError::Throttled(cause()),
        "" if status.as_u16() == 429 => ProviderError::Throttled(cause()),
        // What is between the application and the service answered.
        "" | "KeyUnavailableException" | "DependencyTimeoutException" | "KMSInternalException" => {
            ProviderError::Unreachable(cause())
        }
        _ if status.is_server_error() => ProviderError::Unreachable(cause()),
        _ => ProviderError::Denied(cause()),
    }
}
