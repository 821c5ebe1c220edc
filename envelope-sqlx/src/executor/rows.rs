//! Rows that wait for their keys, while more of them arrive.

use std::collections::{HashSet, VecDeque};

use envelope_core::{KeyId, Keyring};
use futures_util::{
    Stream, StreamExt,
    future::{self, BoxFuture, Either as Side},
    stream::{self, BoxStream, Fuse, FuturesUnordered},
};
use sqlx::{ColumnIndex, Database, Decode, Either, Error, Row, Type, ValueRef};

/// How many rows wait for keys at most, before no more are taken from the database.
const WAITING: usize = 4096;

type Item<DB> = Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, Error>;

/// The keys that a row names and the keyring would have to wait for.
pub(super) fn missing_keys<R>(keyring: &Keyring, row: &R) -> Vec<KeyId>
where
    R: Row,
    Vec<u8>: Type<R::Database> + for<'r> Decode<'r, R::Database>,
    String: Type<R::Database> + for<'r> Decode<'r, R::Database>,
    for<'r> &'r [u8]: Decode<'r, R::Database>,
    usize: ColumnIndex<R>,
{
    let missing = |column| {
        let value = row.try_get_raw(column).ok()?;
        let ty = value.type_info();
        let holds_bytes = <Vec<u8> as Type<R::Database>>::compatible(&ty);
        let holds_text = <String as Type<R::Database>>::compatible(&ty);
        if value.is_null() || !(holds_bytes || holds_text) {
            return None;
        }
        if let Ok(stored) = <&[u8]>::decode(value) {
            return keyring.missing_key(stored);
        }
        // PostgreSQL's simple protocol has nothing that could be borrowed: bytes come as digits.
        let value = row.try_get_raw(column).ok()?;
        if holds_bytes {
            keyring.missing_key(&Vec::<u8>::decode(value).ok()?)
        } else {
            keyring.missing_key(String::decode(value).ok()?.as_bytes())
        }
    };
    (0..row.len()).filter_map(missing).collect()
}

/// The same rows in the same order, each when its keys were fetched. Keys are asked for as soon as a row that names them is
/// there, and all at once.
pub(super) fn ahead<'e, DB>(
    keyring: Keyring,
    rows: BoxStream<'e, Item<DB>>,
) -> impl Stream<Item = Item<DB>> + Send + 'e
where
    DB: Database,
    Vec<u8>: Type<DB> + for<'r> Decode<'r, DB>,
    String: Type<DB> + for<'r> Decode<'r, DB>,
    for<'r> &'r [u8]: Decode<'r, DB>,
    usize: ColumnIndex<DB::Row>,
{
    let state = Ahead {
        keyring,
        rows: rows.fuse(),
        waiting: VecDeque::new(),
        fetching: FuturesUnordered::new(),
        asked: HashSet::new(),
    };
    stream::unfold(state, async |mut state| state.next().await.map(|item| (item, state)))
}

struct Ahead<'e, DB: Database> {
    keyring: Keyring,
    rows: Fuse<BoxStream<'e, Item<DB>>>,
    /// Rows, and the keys that each waits for.
    waiting: VecDeque<(Item<DB>, Vec<KeyId>)>,
    fetching: FuturesUnordered<BoxFuture<'e, KeyId>>,
    /// The keys that are being fetched.
    asked: HashSet<KeyId>,
}

impl<DB> Ahead<'_, DB>
where
    DB: Database,
    Vec<u8>: Type<DB> + for<'r> Decode<'r, DB>,
    String: Type<DB> + for<'r> Decode<'r, DB>,
    for<'r> &'r [u8]: Decode<'r, DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn next(&mut self) -> Option<Item<DB>> {
        loop {
            let is_ready = |(_, keys): &mut (_, Vec<KeyId>)| keys.iter().all(|id| !self.asked.contains(id));
            if let Some((item, _)) = self.waiting.pop_front_if(is_ready) {
                return Some(item);
            }
            if self.waiting.is_empty() {
                let item = self.rows.next().await?;
                self.take(item);
                continue;
            }
            // The first row waits, so something is being fetched.
            if self.waiting.len() >= WAITING || self.rows.is_done() {
                self.fetched().await;
                continue;
            }
            match future::select(self.rows.next(), self.fetching.next()).await {
                Side::Left((Some(item), _)) => self.take(item),
                Side::Left((None, _)) => {}
                Side::Right((id, _)) => {
                    if let Some(id) = id {
                        self.asked.remove(&id);
                    }
                }
            }
        }
    }

    async fn fetched(&mut self) {
        if let Some(id) = self.fetching.next().await {
            self.asked.remove(&id);
        }
    }

    fn take(&mut self, item: Item<DB>) {
        let keys = match &item {
            Ok(Either::Right(row)) => missing_keys(&self.keyring, row),
            _ => Vec::new(),
        };
        for id in &keys {
            if self.asked.insert(*id) {
                let (keyring, id) = (self.keyring.clone(), *id);
                self.fetching.push(Box::pin(async move {
                    // What fails is told by the field that needs the key.
                    let _ = keyring.fetch_key(id).await;
                    id
                }));
            }
        }
        self.waiting.push_back((item, keys));
    }
}
