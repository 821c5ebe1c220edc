//: a column holds bytes, or text by `encoding = "text"`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt(encoding = "base64")]
    pub name: String,
}
fn main() {}
