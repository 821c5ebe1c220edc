//! Diesel's "Getting started" application with an encrypted column: posts are written, published, shown and deleted.
//!
//! ```sh
//! cargo run --example diesel_posts -- write "A title" "What nobody else may read"
//! cargo run --example diesel_posts -- publish 1
//! cargo run --example diesel_posts -- show
//! cargo run --example diesel_posts -- delete title
//! ```
//!
//! Of the application without encryption three things changed: the type of a column in `table!`, the attribute on the field, and the derive
//! `Encrypted` in the place of `Insertable`. The database is `posts.sqlite`, its key in `posts.key`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use clap::Parser;
use diesel::prelude::*;
use envelope_diesel::{DieselKeyStore, Encrypted, Keyring, LocalKey};

use schema::posts;

mod schema {
    diesel::table! {
        posts (id) {
            id -> Integer,
            title -> Text,
            body -> crate::PostBody,
            published -> Bool,
        }
    }
}

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = posts)]
struct Post {
    id: i32,
    title: String,
    #[encrypt]
    body: String,
    published: bool,
}

#[derive(Encrypted)]
#[diesel(table_name = posts)]
#[encrypt(columns = Post)]
struct NewPost<'a> {
    title: &'a str,
    #[encrypt]
    body: &'a str,
    published: bool,
}

#[derive(Parser)]
enum Command {
    Write { title: String, body: String },
    Publish { id: i32 },
    Show,
    Delete { part_of_title: String },
}

/// The key table is that of `envelope-diesel`'s migrations.
const TABLES: &str = concat!(
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body BLOB NOT NULL, published BOOLEAN NOT NULL);",
    include_str!("../envelope-diesel/migrations/sqlite/20260101000000_envelope_keys/up.sql"),
);

fn main() -> Result<(), Box<dyn Error>> {
    let is_new = !std::fs::exists("posts.sqlite")?;
    let connection = &mut SqliteConnection::establish("posts.sqlite")?;
    if is_new {
        diesel::connection::SimpleConnection::batch_execute(connection, TABLES)?;
    }
    let store = DieselKeyStore::<SqliteConnection>::new("posts.sqlite");
    Keyring::builder(LocalKey::open_or_create("posts.key")?, store)
        .application("posts")
        .open_blocking()?
        .install()?;

    match Command::parse() {
        Command::Write { title, body } => {
            let post = create_post(connection, &title, &body)?;
            println!("saved draft {} with id {}", post.title, post.id);
        }
        Command::Publish { id } => {
            let post = diesel::update(posts::table.find(id))
                .set(posts::published.eq(true))
                .returning(Post::as_returning())
                .get_result(connection)?;
            println!("published post {}", post.title);
        }
        Command::Show => {
            let results = posts::table
                .filter(posts::published.eq(true))
                .limit(5)
                .select(Post::as_select())
                .load(connection)?;
            println!("displaying {} posts", results.len());
            for post in results {
                println!("{}\n----------\n{}", post.title, post.body);
            }
        }
        Command::Delete { part_of_title } => {
            let pattern = format!("%{part_of_title}%");
            let deleted =
                diesel::delete(posts::table.filter(posts::title.like(pattern))).execute(connection)?;
            println!("deleted {deleted} posts");
        }
    }
    Ok(())
}

fn create_post(connection: &mut SqliteConnection, title: &str, body: &str) -> QueryResult<Post> {
    let new_post = NewPost { title, body, published: false };
    diesel::insert_into(posts::table).values(&new_post).returning(Post::as_returning()).get_result(connection)
}
