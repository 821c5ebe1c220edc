//! Which keyring is in force where: the scope's, else the installed one, and never that of other code on the thread.

use std::{
    env, future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::{Command, Stdio},
    sync::OnceLock,
    task::{Context, Poll, Waker},
    thread,
};

use envelope_core::{Column, Keyring, NoKeyring, OpenError, SealError, testing};
use tokio::task::{JoinSet, LocalSet, yield_now};

use super::columns::UserNote;

/// A keyring that is told apart by its tenant.
fn keyring(name: &str) -> Keyring {
    static SHARED: OnceLock<Keyring> = OnceLock::new();
    SHARED.get_or_init(testing::keyring).tenant(name).unwrap()
}

/// The tenant of the keyring in force; nothing when there is none.
fn current() -> Option<String> {
    let cloned = Keyring::current().ok().map(|keyring| keyring.tenant_name().as_str().to_owned());
    let borrowed = Keyring::with_current(|keyring| keyring.tenant_name().as_str().to_owned()).ok();
    assert_eq!(cloned, borrowed);
    cloned
}

fn is(name: &str) -> bool {
    current().as_deref() == Some(name)
}

#[test]
fn without_a_keyring_there_is_an_error_that_says_what_to_call() {
    assert!(matches!(Keyring::current(), Err(NoKeyring { .. })));
    let source = Keyring::with_current(|_| ()).unwrap_err();
    for call in ["install()", "scope(", "with("] {
        assert!(source.to_string().contains(call), "{source}");
    }
    // As the ORM crates report it.
    let field = UserNote::FIELD.name();
    for message in [
        SealError::NoKeyring { field, source }.to_string(),
        OpenError::NoKeyring { field, source }.to_string(),
    ] {
        assert!(message.contains("users.note") && message.contains("install()"), "{message}");
    }
}

#[test]
fn the_inner_scope_wins_and_the_outer_comes_back() {
    assert_eq!(current(), None);
    let result = keyring("a").with(|| {
        assert!(is("a"));
        keyring("b").with(|| {
            assert!(is("b"));
            keyring("a").with(|| assert!(is("a")));
            assert!(is("b"));
        });
        assert!(is("a"));
        // A closure that was given the keyring in force may enter a scope of its own.
        Keyring::with_current(|outer| {
            keyring("c").with(|| assert!(is("c")));
            outer.with(|| assert!(is("a")));
        })
        .unwrap();
        7
    });
    assert_eq!((result, current()), (7, None));
}

#[test]
fn what_is_sealed_in_a_scope_is_the_tenants() {
    let seal = || Keyring::with_current(|keyring| keyring.seal(UserNote, "x").unwrap()).unwrap();
    let value = keyring("a").with(seal);
    assert_eq!(keyring("a").open(UserNote, &value).unwrap(), "x");
    keyring("b").open(UserNote, &value).unwrap_err();
}

#[test]
fn a_panic_leaves_no_scope_behind() {
    let panics = || keyring("b").with(|| panic!("injected by the test"));
    assert!(catch_unwind(panics).is_err());
    assert_eq!(current(), None);
    keyring("a").with(|| {
        assert!(catch_unwind(panics).is_err());
        assert!(is("a"));
    });
    let mut future = pin!(keyring("b").scope(async { panic!("injected by the test") }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))).is_err());
    assert_eq!(current(), None);
}

#[test]
fn a_scope_is_for_one_thread() {
    keyring("a").with(|| {
        thread::scope(|threads| {
            threads.spawn(|| assert_eq!(current(), None));
        });
        assert!(is("a"));
    });
}

#[test]
fn a_scope_holds_while_the_future_is_polled_and_not_between() {
    let mut future = pin!(keyring("a").scope(async {
        for _ in 0..3 {
            assert!(is("a"));
            yield_now().await;
        }
        assert!(is("a"));
    }));
    let mut context = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {
        assert_eq!(current(), None);
        // Whatever else runs on this thread in the meantime.
        keyring("b").with(|| assert!(is("b")));
    }
    // Polled inside another scope, it still has its own.
    let mut inner = pin!(keyring("a").scope(async { is("a") }));
    keyring("b").with(|| assert_eq!(inner.as_mut().poll(&mut context), Poll::Ready(true)));
}

/// `with` is for code that is not async: the future comes out of it and is polled outside.
#[test]
fn a_future_that_leaves_with_has_no_keyring() {
    let future = keyring("a").with(|| async { current() });
    assert_eq!(pollster::block_on(future), None);
    assert_eq!(pollster::block_on(keyring("a").scope(async { current() })).as_deref(), Some("a"));
}

#[test]
fn a_future_that_is_dropped_leaves_no_scope_behind() {
    {
        let mut future = pin!(keyring("a").scope(async {
            assert!(is("a"));
            future::pending::<()>().await;
        }));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(current(), None);
}

async fn stays(name: Option<&str>, rounds: usize) {
    for _ in 0..rounds {
        assert_eq!(current().as_deref(), name);
        yield_now().await;
        assert_eq!(current().as_deref(), name);
        if let Some(name) = name {
            let inner = format!("{name}, inner");
            keyring(&inner).scope(async { assert!(is(&inner)) }).await;
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn tasks_on_one_thread_do_not_see_each_others_keyring() {
    let mut tasks = JoinSet::new();
    for name in ["a", "b", "c"] {
        tasks.spawn(keyring(name).scope(stays(Some(name), 100)));
        tasks.spawn(stays(None, 100));
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
    assert_eq!(current(), None);
}

#[tokio::test(flavor = "current_thread")]
async fn local_tasks_do_not_see_each_others_keyring() {
    let local = LocalSet::new();
    local.spawn_local(keyring("a").scope(stays(Some("a"), 100)));
    local.spawn_local(stays(None, 100));
    local.run_until(keyring("b").scope(stays(Some("b"), 100))).await;
    local.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scope_moves_with_its_task_across_threads() {
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let name = format!("tenant {number}");
        tasks.spawn(async move { keyring(&name).scope(stays(Some(&name), 100)).await });
        tasks.spawn(stays(None, 100));
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
}

#[tokio::test]
async fn two_scopes_in_one_task_are_kept_apart() {
    keyring("outer")
        .scope(async {
            tokio::join!(
                keyring("a").scope(stays(Some("a"), 50)),
                stays(Some("outer"), 50),
                keyring("b").scope(stays(Some("b"), 50)),
            );
            assert!(is("outer"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spawned_task_needs_a_scope_of_its_own() {
    keyring("a")
        .scope(async {
            assert_eq!(tokio::spawn(async { current() }).await.unwrap(), None);
            assert_eq!(tokio::task::spawn_blocking(current).await.unwrap(), None);
            let own = Keyring::current().unwrap();
            assert_eq!(tokio::spawn(own.scope(async { current() })).await.unwrap().as_deref(), Some("a"));
            assert!(is("a"));
        })
        .await;
}

const CHILD: &str = "ENVELOPE_TEST_CHILD_INSTALLS";

/// What is installed stays for the life of the process, so this has one of its own.
#[test]
fn the_installed_keyring_is_for_all_code_without_a_scope() {
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "scope::as_a_process_of_its_own", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(status.status.success());
    assert!(String::from_utf8_lossy(&status.stdout).contains("installed as expected"));
}

/// The process of the test above; nothing when it is run by itself.
#[test]
fn as_a_process_of_its_own() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    assert_eq!(current(), None);
    keyring("installed").install().unwrap();
    let error = keyring("other").install().unwrap_err();
    assert!(error.to_string().contains("installed already"), "{error}");
    assert!(is("installed"));
    thread::spawn(|| assert!(is("installed"))).join().unwrap();
    keyring("a").with(|| {
        assert!(is("a"));
        thread::scope(|threads| {
            threads.spawn(|| assert!(is("installed")));
        });
        Keyring::with_current(|outer| outer.with(|| assert!(is("a")))).unwrap();
    });
    assert!(is("installed"));
    // The closure runs on the installed keyring itself, and may enter a scope.
    Keyring::with_current(|installed| {
        keyring("a").with(|| assert!(is("a")));
        installed.with(|| assert!(is("installed")));
    })
    .unwrap();
    let tasks = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    tasks.block_on(async {
        tokio::spawn(stays_installed()).await.unwrap();
        keyring("a").scope(stays(Some("a"), 10)).await;
    });
    println!("installed as expected");
}

async fn stays_installed() {
    for _ in 0..10 {
        assert!(is("installed"));
        yield_now().await;
    }
}
