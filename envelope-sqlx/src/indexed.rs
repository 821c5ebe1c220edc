//! A value together with the terms of its indexes, so that neither is written without the other.

use core::{fmt, marker::PhantomData};

use envelope_core::{Column, Encoding, Field, Keyring, SealError, ToPlaintext};
use sqlx::{
    Database, Encode, Type,
    encode::IsNull,
    error::BoxDynError,
    query::{Query, QueryAs, QueryScalar},
    query_builder::Separated,
};

/// A sealed value of the column `C`, and the terms of the indexes beside it, in the order in which these are declared.
///
/// `User::EMAIL.indexed(value)?` makes one; [`bind_indexed`](BindIndexed::bind_indexed) and
/// [`push_bind_indexed`](PushIndexed::push_bind_indexed) bind all of it, [`into_columns`](Self::into_columns) takes it apart for `query!`.
#[must_use = "a value does nothing until it is bound"]
#[derive(Clone)]
pub struct Indexed<C> {
    columns: Vec<StoredColumn>,
    column: PhantomData<fn() -> C>,
}

/// Stored bytes of one column, or `NULL`.
#[derive(Clone)]
pub struct StoredColumn {
    bytes: Option<Vec<u8>>,
    stored_as: Encoding,
}

impl<C: Column> Indexed<C> {
    pub(crate) fn new(columns: Vec<Option<Vec<u8>>>) -> Self {
        let fields = Self::fields();
        let columns =
            fields.zip(columns).map(|(field, bytes)| StoredColumn { bytes, stored_as: field.stored_as() });
        Self { columns: columns.collect(), column: PhantomData }
    }

    /// `NULL`, of which an index has no term.
    pub(crate) fn null() -> Self {
        Self::new(Self::fields().map(|_| None).collect())
    }

    fn fields() -> impl Iterator<Item = Field> {
        [C::FIELD].into_iter().chain(C::FIELD.indexes().iter().copied())
    }

    /// The value, then the term of each index, for places in a statement.
    ///
    /// ```
    /// # use envelope_sqlx::Encrypted;
    /// # #[derive(Encrypted)]
    /// # #[encrypt(table = "users")]
    /// # struct User { id: i64, #[encrypt(index(column = email_index))] email: String }
    /// # envelope_core::testing::keyring().with(|| {
    /// let [email, email_index] = User::EMAIL.indexed("ada@example.com")?.into_columns();
    /// # Ok::<_, envelope_sqlx::SealError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// With another number of places than there are columns this does not compile.
    #[must_use]
    pub fn into_columns<const N: usize>(self) -> [StoredColumn; N] {
        const {
            assert!(
                N == C::FIELD.indexes().len() + 1,
                "there is one place for the value, and one for each of its indexes"
            );
        }
        let mut columns = self.columns.into_iter();
        core::array::from_fn(|_| {
            columns.next().unwrap_or(StoredColumn { bytes: None, stored_as: Encoding::Bytes })
        })
    }
}

/// What `indexed` seals, for a value of the column and its indexes.
pub(crate) fn seal<C: Column>(
    keyring: &Keyring,
    value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
) -> Result<Vec<Option<Vec<u8>>>, SealError> {
    Indexed::<C>::fields().map(|field| keyring.seal_field(&field, value).map(Some)).collect()
}

impl<C: Column> fmt::Debug for Indexed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Indexed({}, {} columns)", C::FIELD.name(), self.columns.len())
    }
}

impl fmt::Debug for StoredColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bytes {
            Some(bytes) => write!(f, "StoredColumn({} bytes)", bytes.len()),
            None => f.write_str("StoredColumn(NULL)"),
        }
    }
}

impl<DB: Database> Type<DB> for StoredColumn
where
    Vec<u8>: Type<DB>,
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <Vec<u8> as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <Vec<u8> as Type<DB>>::compatible(ty) || <String as Type<DB>>::compatible(ty)
    }
}

impl<'q, DB: Database> Encode<'q, DB> for StoredColumn
where
    Vec<u8>: Encode<'q, DB> + Type<DB>,
    String: Encode<'q, DB> + Type<DB>,
{
    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match (&self.bytes, self.stored_as) {
            (None, _) => Ok(IsNull::Yes),
            (Some(bytes), Encoding::Bytes) => bytes.encode_by_ref(buf),
            (Some(bytes), Encoding::Text) => String::from_utf8(bytes.clone())?.encode(buf),
        }
    }

    fn produces(&self) -> Option<DB::TypeInfo> {
        Some(match self.stored_as {
            Encoding::Bytes => <Vec<u8> as Type<DB>>::type_info(),
            Encoding::Text => <String as Type<DB>>::type_info(),
        })
    }
}

/// Binding a value together with its indexes.
///
/// ```
/// # use envelope_sqlx::{BindIndexed as _, Encrypted};
/// # #[derive(Encrypted)]
/// # #[encrypt(table = "users")]
/// # struct User { id: i64, #[encrypt(index(column = email_index))] email: String }
/// # envelope_core::testing::keyring().with(|| {
/// let insert = sqlx::query::<sqlx::Sqlite>("INSERT INTO users (email, email_index) VALUES (?, ?)")
///     .bind_indexed(User::EMAIL.indexed("ada@example.com")?);
/// # Ok::<_, envelope_sqlx::SealError>(())
/// # }).unwrap();
/// ```
pub trait BindIndexed: Sized {
    /// Binds the value, then the term of each of its indexes, in the order in which they are declared.
    #[must_use]
    fn bind_indexed<C: Column>(self, indexed: Indexed<C>) -> Self;
}

macro_rules! bind_indexed {
    ($($query:ident<$($parameter:ident),*>)*) => {$(
        impl<DB: Database, $($parameter),*> BindIndexed for $query<'_, DB, $($parameter,)* DB::Arguments>
        where
            Vec<u8>: Type<DB> + for<'e> Encode<'e, DB>,
            String: Type<DB> + for<'e> Encode<'e, DB>,
        {
            fn bind_indexed<C: Column>(self, indexed: Indexed<C>) -> Self {
                indexed.columns.into_iter().fold(self, |query, column| query.bind(column))
            }
        }
    )*};
}

bind_indexed! { Query<> QueryAs<O> QueryScalar<O> }

/// The same for [`QueryBuilder::push_values`](sqlx::QueryBuilder::push_values) and its relatives.
pub trait PushIndexed {
    /// Pushes the value, then the term of each of its indexes, as bind parameters.
    fn push_bind_indexed<C: Column>(&mut self, indexed: Indexed<C>) -> &mut Self;
}

impl<DB: Database, Sep: fmt::Display> PushIndexed for Separated<'_, DB, Sep>
where
    Vec<u8>: Type<DB> + for<'e> Encode<'e, DB>,
    String: Type<DB> + for<'e> Encode<'e, DB>,
{
    fn push_bind_indexed<C: Column>(&mut self, indexed: Indexed<C>) -> &mut Self {
        // What the keyring sealed always encodes, so that `push_bind` has no cause to panic.
        for column in indexed.columns {
            self.push_bind(column);
        }
        self
    }
}

/// Implemented by nothing, so that what is said here is said where a column with indexes is written alone.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` has an index, which is written with it",
    label = "would leave the index behind",
    note = "write `.bind_indexed(User::EMAIL.indexed(value)?)`, with a place in the statement for each index behind that of the value; that of a compound index is `.bind(User::NAME_BIRTH.seal((name, birth))?)`"
)]
pub trait WrittenAlone {}
