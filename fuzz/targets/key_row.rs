//! Rows of a key table: an error, or a record that is written as the row was.
#![no_main]

use envelope_core::{KeyRecord, KeyRow};
use libfuzzer_sys::{
    arbitrary::{Arbitrary, Result, Unstructured},
    fuzz_target,
};

fuzz_target!(|input: &[u8]| {
    let Ok(row) = row(&mut Unstructured::new(input)) else { return };
    let _ = KeyRow::tenant(&row.tenant);
    match KeyRecord::try_from(row.clone()) {
        Ok(record) => {
            let _ = format!("{record:?}");
            let written = KeyRow::try_from(&record).expect("what was read fits in a row");
            assert_eq!(written, row);
        }
        Err(error) => {
            let _ = (error.to_string(), format!("{error:?}"));
        }
    }
});

/// A row, with names that occur in most of its columns.
fn row(input: &mut Unstructured<'_>) -> Result<KeyRow> {
    let purpose = name(input, &["encrypt", "search"])?;
    let states = ["pending", "active", "decrypt-only", "retired", "destroyed", "compromised"];
    let state = name(input, &states)?;
    let id = match input.arbitrary()? {
        true => i64::from(u32::arbitrary(input)?),
        false => input.arbitrary()?,
    };
    let tenant: Vec<u8> = input.arbitrary()?;
    let active_slot = match input.int_in_range(0..=2)? {
        0 => None,
        1 => Some([purpose.as_bytes(), b":", &tenant].concat()),
        _ => Some(input.arbitrary()?),
    };
    Ok(KeyRow {
        id,
        application: input.arbitrary()?,
        tenant,
        purpose,
        state,
        active_slot,
        revision: input.arbitrary()?,
        created_at: input.arbitrary()?,
        changed_at: input.arbitrary()?,
        provider_key: input.arbitrary()?,
        wrapped: input.arbitrary()?,
        further_wraps: wraps(input)?,
        check_value: input.arbitrary()?,
    })
}

fn name(input: &mut Unstructured<'_>, names: &[&str]) -> Result<String> {
    match input.int_in_range(0..=names.len())? {
        at if at < names.len() => Ok(names[at].to_owned()),
        _ => input.arbitrary(),
    }
}

/// Parts with their lengths, or anything.
fn wraps(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if input.arbitrary()? {
        return input.arbitrary();
    }
    let parts: Vec<Vec<u8>> = input.arbitrary()?;
    let part = |part: &Vec<u8>| {
        let length = u16::try_from(part.len()).unwrap_or_default();
        [&length.to_be_bytes()[..], part].concat()
    };
    Ok(parts.iter().flat_map(part).collect())
}
