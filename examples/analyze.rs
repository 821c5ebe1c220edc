//! `cargo run --example analyze -- FILE.csv [COLUMN …]`
//!
//! What searching a column would tell an attacker who has the database: for each column of a CSV file (without a file, of the
//! example `customers`) how many distinct values it has, how frequent the most frequent ones are, and how long the terms of an
//! index may be. Prints no values. Empty cells are `NULL`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool says what it found")]

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use envelope_sqlx::{Index, Normalizer, Take, analyze, analyze_index};

/// Whole values, with their case and the white space around them ignored.
const ALIKE: Index = Index::new(Take::Whole).normalized(&[&[Normalizer::Casefold, Normalizer::Trim]]);

/// Says what an index of a column would reveal.
#[derive(Parser)]
struct Arguments {
    /// A CSV file with a header, in UTF-8.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/customers/customers.csv"))]
    file: PathBuf,
    /// The columns, by their names in the header; all of them if none is named.
    columns: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("analyze: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let file = arguments.file.display();
    let mut reader = csv::Reader::from_path(&arguments.file).map_err(|error| place(&error))?;
    let header = reader.headers().map_err(|error| place(&error))?.clone();
    let rows: Vec<_> = reader.records().collect::<Result<_, _>>().map_err(|error| place(&error))?;
    if let Some(unknown) = arguments.columns.iter().find(|name| header.iter().all(|other| other != *name)) {
        return Err(format!("{file} has no column `{unknown}`").into());
    }
    for (number, name) in header.iter().enumerate() {
        if !arguments.columns.is_empty() && arguments.columns.iter().all(|other| other != name) {
            continue;
        }
        let values = || rows.iter().filter_map(|row| row.get(number)).filter(|cell| !cell.is_empty());
        let as_they_are = analyze(values())?;
        println!("{name}\n{as_they_are}");
        let alike = analyze_index(&ALIKE, values())?;
        if alike != as_they_are {
            println!("{name}, casefolded and trimmed\n{alike}");
        }
    }
    Ok(())
}

/// Where the file is wrong. The library's own text may quote a cell.
fn place(error: &csv::Error) -> String {
    match (error.kind(), error.position()) {
        (csv::ErrorKind::Io(error), _) => error.to_string(),
        (_, Some(position)) => {
            format!("line {} is not a row of the header's columns in UTF-8", position.line())
        }
        (_, None) => "the file is not CSV in UTF-8".into(),
    }
}
