//! An analysis as text, for a terminal.

use core::fmt;

use super::{Analysis, Finding, share};

const WIDTH: usize = 80;
const INDENT: &str = "                ";

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        entry(f, "values", &self.values.to_string())?;
        entry(f, "distinct", &self.distinct.to_string())?;
        if self.distinct > 0 {
            let shares: Vec<_> = self.top_shares().map(percent).collect();
            entry(f, "most frequent", &format!("{} of all rows, by value", shares.join(", ")))?;
        }
        match self.bits() {
            Some(bits) => {
                let (least, most) = (*bits.start(), *bits.end());
                let lengths = if least == most { least.to_string() } else { format!("{least} to {most}") };
                let beyond = self.false_candidates(most);
                let text = format!(
                    "{lengths} for an index that does not tell which value a row has; with {most}, a search decrypts \
                     about {beyond} rows beyond the meant ones"
                );
                entry(f, "bits", &text)?;
            }
            None if self.distinct > 0 => {
                entry(f, "bits", "none: too few distinct values for several of them to share a term")?;
            }
            None => {}
        }
        for finding in self.findings() {
            let (label, text) = self.told(finding);
            entry(f, label, &text)?;
        }
        Ok(())
    }
}

impl Analysis {
    fn told(&self, finding: Finding) -> (&'static str, String) {
        let most = self.top.first().copied().unwrap_or_default();
        match finding {
            Finding::FewDistinct => (
                "warning",
                format!(
                    "{} distinct values are told apart by how frequent each is, in a deterministic column and in every \
                     index; leave the column randomized, or search it together with another one in a compound index",
                    self.distinct
                ),
            ),
            Finding::Skewed => (
                "warning",
                format!(
                    "the most frequent value has {} of the rows, many times those of an average one; who can guess it \
                     knows these rows by their frequency",
                    percent(share(most, self.values))
                ),
            ),
            Finding::Unique => (
                "unique",
                "no value is there twice: a UNIQUE index is possible, on a deterministic column or an index of 128 bits; \
                 it tells nothing but that, and a term of fewer bits cannot be unique"
                    .into(),
            ),
            Finding::NearlyUnique(again) => (
                "nearly unique",
                format!(
                    "{again} rows have a value that another row has; a UNIQUE index would refuse them, and if there should be \
                     none, they are to be cleared up first"
                ),
            ),
            Finding::FewRows => (
                "note",
                format!(
                    "{} values are few; analyze the real ones, in the number that is expected",
                    self.values
                ),
            ),
        }
    }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 { "<0.1 %".into() } else { format!("{percent:.1} %") }
}

/// A label and a text, in lines that are not wider than a terminal.
fn entry(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let mut line = format!("{label:<width$}", width = INDENT.len());
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count().saturating_add(word.chars().count()) >= WIDTH {
            writeln!(f, "{line}")?;
            INDENT.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(f, "{line}")
}
