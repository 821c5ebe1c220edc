//! A statement that is being written, with its parameters.

use super::{
    cell::{Argument, Cell},
    dialect::Dialect,
};

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    dialect: Dialect,
    sql: String,
    arguments: Vec<Argument>,
}

impl Statement {
    pub(crate) fn new(dialect: Dialect, sql: impl Into<String>) -> Self {
        Self { dialect, sql: sql.into(), arguments: Vec::new() }
    }

    pub(crate) fn push(&mut self, sql: impl AsRef<str>) -> &mut Self {
        self.sql.push_str(sql.as_ref());
        self
    }

    pub(crate) fn bind(&mut self, cell: Cell) -> &mut Self {
        self.argument(Argument::Cell(cell))
    }

    pub(crate) fn argument(&mut self, argument: Argument) -> &mut Self {
        self.arguments.push(argument);
        match self.dialect {
            Dialect::Postgres => self.sql.push_str(&format!("${}", self.arguments.len())),
            Dialect::MySql | Dialect::Sqlite => self.sql.push('?'),
        }
        self
    }

    /// Separated by commas, or whatever it is.
    pub(crate) fn list<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            write(self, item);
        }
        self
    }

    pub(crate) fn into_parts(self) -> (String, Vec<Argument>) {
        (self.sql, self.arguments)
    }
}
