//! The walk's talk with the test that started it: findings and requests go out on stdout, one per
//! line, answers come in on stdin.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use zookeeper_client::Error;

pub const DEADLINE: Duration = Duration::from_secs(30);

/// Why a check failed.
#[derive(Debug)]
pub struct Failure(pub String);

pub type Checked<T = ()> = Result<T, Failure>;

impl<E: std::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Failure(format!("{error} at {}", std::panic::Location::caller()))
    }
}

#[derive(Default)]
pub struct Conversation {
    pub failures: usize,
}

impl Conversation {
    /// Reports one check; a failure is counted and the walk goes on.
    pub async fn check(&mut self, name: &str, body: impl Future<Output = Checked>) {
        match body.await {
            Ok(()) => println!("ok {name}"),
            Err(Failure(text)) => {
                self.failures += 1;
                println!("FAIL {name}: {}", text.replace('\n', " "));
            }
        }
    }
}

/// Asks the test for something (a restart, a move of the gate) and waits until it is done.
pub async fn ask(request: &str) -> Checked {
    println!("{request}");
    // On a thread of its own, so that the sessions of this walk live on meanwhile.
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await??;
    equal("done", answer.trim(), "answer")
}

#[track_caller]
pub fn equal<T: PartialEq + Debug + ?Sized>(expected: &T, actual: &T, what: &str) -> Checked {
    if expected == actual {
        return Ok(());
    }
    let place = std::panic::Location::caller();
    Err(Failure(format!(
        "{what}: expected {expected:?}, got {actual:?} at {place}"
    )))
}

#[track_caller]
pub fn holds(condition: bool, what: &str) -> Checked {
    if condition {
        return Ok(());
    }
    Err(Failure(format!(
        "does not hold: {what} at {}",
        std::panic::Location::caller()
    )))
}

/// Requires that the server refused with exactly this error.
#[track_caller]
pub fn refused<T>(expected: Error, outcome: Result<T, Error>) -> Checked {
    let place = std::panic::Location::caller();
    match outcome {
        Err(error) if error == expected => Ok(()),
        Err(error) => Err(Failure(format!(
            "expected {expected:?}, got {error:?} at {place}"
        ))),
        Ok(_) => Err(Failure(format!(
            "expected {expected:?}, got success at {place}"
        ))),
    }
}

/// Waits for something that must come.
pub async fn within<T>(coming: impl Future<Output = T>, what: &str) -> Checked<T> {
    let late = || Failure(format!("never came: {what}"));
    tokio::time::timeout(DEADLINE, coming)
        .await
        .map_err(|_| late())
}
