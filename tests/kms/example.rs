//! The `aws_kms` example as its user runs it, against the emulator.

use std::process::Output;

use crate::support::{World, block_on, new_key};

fn aws_kms(arguments: &[&str]) -> Output {
    envelope_tests::example("aws_kms")
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        // The key's ARN names the region, whatever the environment says.
        .env("AWS_REGION", "us-gov-west-1")
        .env_remove("AWS_ENDPOINT_URL")
        .env_remove("AWS_ENDPOINT_URL_KMS")
        .output()
        .unwrap()
}

#[test]
fn it_stores_rotates_starts_again_reads_and_moves_on() {
    let world = World::new();
    let next = block_on(new_key(&world.client));
    let endpoint = format!("http://{}", world.proxy.address);
    let output = aws_kms(&[&world.key, "--next", &next, "--endpoint", &endpoint]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let patients = r#"read ["1: measles", "2: mumps"]"#;
    for line in
        ["stored", "rotated", "promoted", "rewrapped  3 data keys", &format!("restarted  and {patients}")]
    {
        assert!(stdout.contains(line), "{line:?} is missing: {stdout}");
    }
    assert!(stdout.ends_with(&format!("restarted  with the second key alone and {patients}\n")), "{stdout}");
    assert_eq!(world.proxy.calls("ReEncrypt"), 3);

    let output = aws_kms(&["alias/shop", "--endpoint", &endpoint]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && stderr.contains("NotAnArn"), "{stderr}");
}
