//! Wherever a struct may stand, however visible it is, whoever wrote it.

use envelope_sqlx::{Column, Encrypted};

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct Private {
    #[encrypt]
    pub public: Secret,
    #[encrypt]
    pub(crate) of_the_crate: Secret,
    #[encrypt]
    private: Secret,
}

/// As visible as the structs, and no more.
#[derive(envelope_sqlx::Plaintext)]
struct Secret(String);

pub mod inner {
    #[derive(envelope_sqlx::Encrypted)]
    #[encrypt(table = "restricted")]
    pub(in crate::places) struct Restricted {
        #[encrypt]
        pub public: String,
        #[encrypt]
        pub(super) of_the_parent: String,
        #[encrypt]
        pub(self) own: String,
    }

    #[derive(envelope_sqlx::Encrypted)]
    #[encrypt(table = "public")]
    pub struct Public {
        #[encrypt]
        pub public: String,
        #[encrypt]
        pub(crate) of_the_crate: String,
        #[encrypt]
        own: Own,
    }

    #[derive(envelope_sqlx::Plaintext)]
    struct Own(String);

    #[test]
    fn all_is_visible_here() {
        let _ = (Restricted::OWN, Public::OWN);
        let Restricted { public, of_the_parent, own } =
            Restricted { public: String::new(), of_the_parent: String::new(), own: String::new() };
        assert_eq!(public + &of_the_parent + &own, "");
        let user = Public { public: String::new(), of_the_crate: String::new(), own: Own(String::new()) };
        assert_eq!(user.public + &user.of_the_crate + &user.own.0, "");
    }
}

#[test]
fn markers_are_as_visible_as_their_fields() {
    let _ = (Private::PUBLIC, Private::OF_THE_CRATE, Private::PRIVATE);
    let _ = (inner::Restricted::PUBLIC, inner::Restricted::OF_THE_PARENT);
    let _: (inner::PublicPublic, inner::PublicOfTheCrate) =
        (inner::Public::PUBLIC, inner::Public::OF_THE_CRATE);
    let user = Private {
        public: Secret(String::new()),
        of_the_crate: Secret(String::new()),
        private: Secret(String::new()),
    };
    assert_eq!(user.public.0 + &user.of_the_crate.0 + &user.private.0, "");
}

#[test]
fn in_a_function() {
    #[derive(Encrypted)]
    #[encrypt(table = "users")]
    struct User {
        #[encrypt(deterministic)]
        email: String,
        #[encrypt]
        name: Name,
    }

    #[derive(envelope_sqlx::Plaintext)]
    struct Name(String);

    #[derive(Encrypted)]
    #[encrypt(columns = User)]
    struct NewUser<'a> {
        #[encrypt]
        email: &'a str,
    }

    assert_eq!(UserEmail::FIELD.name().to_string(), "users.email");
    envelope_core::testing::keyring().with(|| assert!(User::EMAIL.lookup("a").is_ok()));
    let user = User { email: String::new(), name: Name(String::new()) };
    assert_eq!(user.email + &user.name.0 + NewUser { email: "" }.email, "");
}

/// Two modules, or two functions, may each have their own structs for one table.
#[test]
fn in_another_function() {
    #[derive(Encrypted)]
    #[encrypt(table = "users")]
    struct User {
        #[encrypt]
        email: String,
    }
    assert_eq!(User { email: String::new() }.email, "");
}

/// Some tokens of the struct are the macro's and some are its caller's.
macro_rules! declare {
    ($vis:vis $name:ident, $table:literal, $field:ident: $ty:ty $(, $option:ident)?) => {
        #[derive(Encrypted)]
        #[encrypt(table = $table)]
        $vis struct $name {
            id: i64,
            #[encrypt($($option)?)]
            $field: $ty,
            #[encrypt]
            note: Option<String>,
            other: Option<$ty>,
        }
    };
}

macro_rules! newtype {
    ($name:ident, $ty:ty) => {
        #[derive(envelope_sqlx::Plaintext)]
        struct $name($ty);
    };
}

declare!(pub(crate) Declared, "declared", email: String, deterministic);
declare!(DeclaredOptional, "declared_optional", email: Option<Vec<u8>>);
newtype!(Newtype, String);

#[test]
fn by_a_macro() {
    assert_eq!(DeclaredEmail::FIELD.mode(), envelope_sqlx::Mode::Deterministic);
    assert_eq!(DeclaredOptionalNote::FIELD.name().table(), "declared_optional");
    let new = |email| Declared { id: 1, email, note: None, other: None };
    let declared = new(Newtype(String::new()).0);
    assert!(
        declared.id == 1 && declared.email.is_empty() && declared.note.is_none() && declared.other.is_none()
    );
    let DeclaredOptional { id, email, note, other } =
        DeclaredOptional { id: 1, email: None, note: None, other: None };
    assert!(id == 1 && email.is_none() && note.is_none() && other.is_none());
    let _ = DeclaredOptional::EMAIL;
}

/// Type parameters and lifetimes where the fields are not encrypted; what is read has to be read by SQLx.
#[derive(Encrypted)]
#[encrypt(table = "generic")]
struct Generic<'a, T: Clone, const N: usize>
where
    T: Default,
{
    #[encrypt(deterministic)]
    email: String,
    borrowed: &'a [T; N],
}

type WrappedEmail = Encrypted<GenericEmail>;

#[derive(Encrypted)]
#[encrypt(columns = Generic)]
struct NewGeneric<T>
where
    T: AsRef<str>,
{
    email_domain: T,
    #[encrypt]
    email: WrappedEmail,
}

#[test]
fn generic() {
    let _ = Generic::<'static, u8, 0>::EMAIL;
    assert_eq!(GenericEmail::FIELD.context(), "generic.email");
    let generic = Generic { email: String::new(), borrowed: &[1_u8] };
    assert!(generic.email.is_empty() && generic.borrowed == &[1]);
    let new = NewGeneric { email_domain: "example.com", email: WrappedEmail::new(String::new()) };
    assert!(*new.email_domain == *"example.com" && new.email.is_empty());
}
