//! What the checks share: sessions, shorthands for znodes, and events awaited.

use std::time::{Duration, Instant};

use zookeeper_client::{
    Acls, Client, CreateMode, CreateOptions, EventType, OneshotWatcher, PersistentWatcher, Stat,
};

use crate::talk::{equal, within, Checked, DEADLINE};

/// Outlives a restart, however busy the machine; these servers grant up to 60 s.
pub const LONG_TIMEOUT: Duration = Duration::from_secs(40);
/// The shortest session that a server with tickTime 500 grants.
pub const SHORT_TIMEOUT: Duration = Duration::from_secs(1);

pub const OPEN: CreateOptions<'static> = CreateMode::Persistent.with_acls(Acls::anyone_all());

pub async fn open(connect_string: &str, timeout: Duration) -> Checked<Client> {
    Ok(Client::connector()
        .with_session_timeout(timeout)
        .connect(connect_string)
        .await?)
}

pub async fn create(client: &Client, path: &str, data: &str) -> Checked<Stat> {
    Ok(client.create(path, data.as_bytes(), &OPEN).await?.0)
}

pub async fn set(client: &Client, path: &str, data: &str) -> Checked<Stat> {
    Ok(client.set_data(path, data.as_bytes(), None).await?)
}

pub async fn stat(client: &Client, path: &str) -> Checked<Stat> {
    let stat = client.check_stat(path).await?;
    stat.ok_or_else(|| crate::talk::Failure(format!("{path} is missing")))
}

/// Requires that the watch goes off with this event.
pub async fn fires(watcher: OneshotWatcher, event_type: EventType, path: &str) -> Checked {
    let event = within(watcher.changed(), &format!("{event_type:?} {path}")).await?;
    equal(
        &(event_type, path),
        &(event.event_type, event.path.as_str()),
        "event",
    )
}

/// Requires that the next event about a znode is this one.
pub async fn next(watcher: &mut PersistentWatcher, event_type: EventType, path: &str) -> Checked {
    loop {
        let event = within(watcher.changed(), &format!("{event_type:?} {path}")).await?;
        // Connection state is told to every watcher; here only what happens to znodes counts.
        if event.event_type != EventType::Session {
            return equal(
                &(event_type, path),
                &(event.event_type, event.path.as_str()),
                "event",
            );
        }
    }
}

/// Waits until requests are answered again after the connection was lost.
pub async fn await_answers(client: &Client) -> Checked {
    let until = Instant::now() + DEADLINE;
    loop {
        match client.check_stat("/").await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > until => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Waits until the server has removed the znode by itself.
pub async fn await_gone(client: &Client, path: &str) -> Checked {
    match client.check_and_watch_stat(path).await? {
        (Some(_), watcher) => fires(watcher, EventType::NodeDeleted, path).await,
        (None, _) => Ok(()),
    }
}
