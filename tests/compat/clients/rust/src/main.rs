//! Walks through what the zookeeper-client crate offers, on a real server. Arguments: the server's
//! connect string, and that of a gate in front of it which the test can shut, freeze and open.

mod acl_checks;
mod basic_checks;
mod life_checks;
mod session;
mod talk;

use std::process::ExitCode;

use talk::{Checked, Conversation, Failure};

async fn walk(talk: &mut Conversation, server: &str, gate: &str) -> Checked {
    let one = session::open(server, session::LONG_TIMEOUT).await?;
    let two = session::open(server, session::LONG_TIMEOUT).await?;
    let gated = session::open(gate, session::LONG_TIMEOUT).await?;
    basic_checks::crud(talk, &one).await;
    basic_checks::watches(talk, &one, &two).await;
    basic_checks::multi(talk, &one).await;
    acl_checks::acls(talk, server, &one).await?;
    life_checks::nodes(talk, server, &one).await;
    life_checks::restart(talk, "term", &one, &two).await;
    life_checks::restart(talk, "kill", &one, &two).await;
    life_checks::cut(talk, &gated, &two).await;
    life_checks::expiry(talk, gate, &one).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let mut talk = Conversation::default();
    if let Err(Failure(text)) = walk(&mut talk, &arguments[1], &arguments[2]).await {
        eprintln!("{text}");
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(talk.failures > 0))
}
