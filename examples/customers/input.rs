//! The CSV file → rows. All of it is read and checked before anything is stored.

use std::{fmt, fs::File, path::Path};

use serde::Deserialize;

use crate::model::Customer;

/// The columns of the Chinook sample database's `Customer` table, in its order.
const COLUMNS: [&str; 13] = [
    "CustomerId",
    "FirstName",
    "LastName",
    "Company",
    "Address",
    "City",
    "State",
    "Country",
    "PostalCode",
    "Phone",
    "Fax",
    "Email",
    "SupportRepId",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    customer_id: i32,
    first_name: String,
    last_name: String,
    company: Option<String>,
    address: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    postal_code: Option<String>,
    phone: Option<String>,
    fax: Option<String>,
    email: String,
    support_rep_id: Option<i32>,
}

/// Where the file is wrong, and how. Says no more of a cell than its place: it may hold what is to be encrypted.
#[derive(Debug)]
pub(crate) struct InputError {
    line: Option<u64>,
    column: Option<String>,
    problem: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for InputError {}

/// Reads every row, or says where the first bad one is.
pub(crate) fn read(path: &Path) -> Result<Vec<Customer>, InputError> {
    let file =
        File::open(path).map_err(|error| InputError::of_file(format!("{}: {error}", path.display())))?;
    let mut reader = csv::Reader::from_reader(file);
    let headers = reader.headers().map_err(|error| InputError::of_csv(&error, None))?.clone();
    for (index, expected) in COLUMNS.into_iter().enumerate() {
        let found = headers.get(index).unwrap_or_default();
        // Some writers begin UTF-8 files with a byte order mark.
        if found.trim_start_matches('\u{feff}') != expected {
            let problem = format!("the header has `{found}` where `{expected}` belongs");
            return Err(InputError {
                line: Some(1),
                column: Some(index.saturating_add(1).to_string()),
                problem,
            });
        }
    }
    if let Some(extra) = headers.get(COLUMNS.len()) {
        let problem = format!("the header has one column too many, `{extra}`");
        return Err(InputError {
            line: Some(1),
            column: Some(COLUMNS.len().saturating_add(1).to_string()),
            problem,
        });
    }
    let headers = csv::StringRecord::from(COLUMNS.to_vec());
    let mut customers: Vec<Customer> = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| InputError::of_csv(&error, None))? {
        let line = record.position().map(csv::Position::line);
        let row: Row =
            record.deserialize(Some(&headers)).map_err(|error| InputError::of_csv(&error, line))?;
        let bad = |column: &str, problem: &str| InputError {
            line,
            column: Some(column.into()),
            problem: problem.into(),
        };
        if row.email.is_empty() {
            return Err(bad("Email", "is empty"));
        }
        if customers.iter().any(|other| other.customer_id == row.customer_id) {
            return Err(bad("CustomerId", "occurs twice"));
        }
        if customers.iter().any(|other| other.email == row.email) {
            return Err(bad("Email", "occurs twice"));
        }
        customers.push(row.into());
    }
    Ok(customers)
}

impl InputError {
    const fn of_file(problem: String) -> Self {
        Self { line: None, column: None, problem }
    }

    fn of_csv(error: &csv::Error, line: Option<u64>) -> Self {
        let line = error.position().map(csv::Position::line).or(line);
        let column_at = |index: u64| {
            usize::try_from(index).ok().and_then(|index| COLUMNS.get(index)).map(|name| (*name).to_owned())
        };
        let (column, problem) = match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => {
                // The library's own text quotes the cell for some kinds.
                let problem = match err.kind() {
                    csv::DeserializeErrorKind::ParseInt(_) => "is not a whole number of 32 bits",
                    _ => "does not fit the column",
                };
                (err.field().and_then(column_at), problem.to_owned())
            }
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => (
                column_at((*len).min(*expected_len)),
                format!("the row has {len} cells instead of {expected_len}"),
            ),
            csv::ErrorKind::Utf8 { err, .. } => {
                (u64::try_from(err.field()).ok().and_then(column_at), "is not UTF-8".to_owned())
            }
            other => (None, format!("{other:?}")),
        };
        Self { line, column, problem }
    }
}

impl From<Row> for Customer {
    fn from(row: Row) -> Self {
        Self {
            customer_id: row.customer_id,
            first_name: row.first_name,
            last_name: row.last_name,
            company: row.company,
            address: row.address,
            city: row.city,
            state: row.state,
            country: row.country,
            postal_code: row.postal_code,
            phone: row.phone,
            fax: row.fax,
            email: row.email,
            support_rep_id: row.support_rep_id,
        }
    }
}
