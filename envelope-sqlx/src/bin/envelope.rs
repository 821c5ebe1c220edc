//! The command-line tool `envelope`: work on the encrypted columns that `envelope.toml` declares.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    envelope_sqlx::cli::main().await
}
