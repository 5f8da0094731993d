//! Znodes with a life of their own, restarts of the server, and sessions that expire.

use std::time::Duration;

use zookeeper_client::{
    Acls, Client, CreateMode, CreateOptions, Error, EventType, LockPrefix, OneshotWatcher,
    SessionState,
};

use crate::session::{
    await_answers, await_gone, create, fires, open, set, stat, LONG_TIMEOUT, OPEN, SHORT_TIMEOUT,
};
use crate::talk::{ask, equal, refused, within, Checked, Conversation, Failure};

const EPHEMERAL: CreateOptions<'static> = CreateMode::Ephemeral.with_acls(Acls::anyone_all());
const SEQUENTIAL: CreateOptions<'static> =
    CreateMode::PersistentSequential.with_acls(Acls::anyone_all());

pub async fn nodes(talk: &mut Conversation, connect_string: &str, client: &Client) {
    talk.check("node.ephemeral", async {
        create(client, "/node", "").await?;
        let owner = open(connect_string, LONG_TIMEOUT).await?;
        owner.create("/node/ephemeral", b"", &EPHEMERAL).await?;
        let seen = stat(client, "/node/ephemeral").await?;
        equal(
            &owner.session_id().0,
            &seen.ephemeral_owner,
            "ephemeralOwner",
        )?;
        equal(
            &vec!["/node/ephemeral".to_string()],
            &owner.list_ephemerals("/").await?,
            "its own",
        )?;
        refused(
            Error::NoChildrenForEphemerals,
            client.create("/node/ephemeral/child", b"", &OPEN).await,
        )?;
        drop(owner);
        await_gone(client, "/node/ephemeral").await
    })
    .await;
    talk.check("node.sequential", async {
        create(client, "/queue", "").await?;
        let (_, first) = client.create("/queue/a", b"", &SEQUENTIAL).await?;
        equal("0000000000", &first.to_string(), "first")?;
        create(client, "/queue/plain", "").await?;
        let (_, third) = client.create("/queue/b", b"", &SEQUENTIAL).await?;
        equal("0000000002", &third.to_string(), "third")?;
        stat(client, "/queue/b0000000002").await.map(|_| ())
    })
    .await;
    talk.check("node.container", async {
        let container = CreateMode::Container.with_acls(Acls::anyone_all());
        let (stat, _) = client.create("/container", b"", &container).await?;
        equal(&0, &stat.ephemeral_owner, "ephemeralOwner")?;
        create(client, "/container/child", "").await?;
        client.delete("/container/child", None).await?;
        await_gone(client, "/container").await
    })
    .await;
    talk.check("node.ttl", async {
        let options = OPEN.with_ttl(Duration::from_millis(300));
        client.create("/ttl", b"", &options).await?;
        await_gone(client, "/ttl").await
    })
    .await;
    talk.check("node.sync", async { Ok(client.sync("/node").await?) })
        .await;
    talk.check("recipe.lock", lock(connect_string, client))
        .await;
}

async fn lock(connect_string: &str, client: &Client) -> Checked {
    create(client, "/lock", "").await?;
    let other = open(connect_string, LONG_TIMEOUT).await?;
    let held = client
        .lock(LockPrefix::new_shared("/lock/n-")?, b"", Acls::anyone_all())
        .await?;
    let second = other.lock(LockPrefix::new_shared("/lock/n-")?, b"", Acls::anyone_all());
    tokio::pin!(second);
    let (_, _, queued) = client.get_and_watch_children("/lock").await?;
    tokio::select! {
        _ = &mut second => return Err(Failure("two hold the lock".into())),
        event = within(queued.changed(), "the second in the queue") => event?,
    };
    drop(held);
    within(second, "the lock").await??;
    Ok(())
}

/// The watches that a session should find again after its server was gone.
struct Watched {
    data: OneshotWatcher,
    exists: OneshotWatcher,
    child: OneshotWatcher,
}

async fn watch_all(client: &Client, root: &str) -> Checked<Watched> {
    let (_, _, data) = client.get_and_watch_data(root).await?;
    let (_, exists) = client
        .check_and_watch_stat(&format!("{root}/absent"))
        .await?;
    let (_, _, child) = client.get_and_watch_children(root).await?;
    Ok(Watched {
        data,
        exists,
        child,
    })
}

impl Watched {
    async fn all_fire(self, root: &str) -> Checked {
        fires(self.data, EventType::NodeDataChanged, root).await?;
        fires(
            self.exists,
            EventType::NodeCreated,
            &format!("{root}/absent"),
        )
        .await?;
        fires(self.child, EventType::NodeChildrenChanged, root).await
    }
}

pub async fn restart(talk: &mut Conversation, signal: &str, watching: &Client, changing: &Client) {
    let root = &format!("/restart-{signal}");
    let mine = &format!("{root}/mine");
    let id = watching.session_id();
    let mut watched = None;
    talk.check(&format!("restart.{signal}"), async {
        create(changing, root, "before").await?;
        watching.create(mine, b"", &EPHEMERAL).await?;
        watched = Some(watch_all(watching, root).await?);
        ask(&format!("restart {signal}")).await?;
        await_answers(watching).await?;
        await_answers(changing).await
    })
    .await;
    talk.check(&format!("restart.{signal}.session"), async {
        equal(&id, &watching.session_id(), "session id")
    })
    .await;
    talk.check(&format!("restart.{signal}.data"), async {
        equal(&b"before"[..], &changing.get_data(root).await?.0, "data")
    })
    .await;
    talk.check(&format!("restart.{signal}.ephemeral"), async {
        equal(&id.0, &stat(changing, mine).await?.ephemeral_owner, "owner")
    })
    .await;
    // Persistent watches are left out: this client never asks a server to set them again.
    talk.check(&format!("restart.{signal}.watches"), async {
        let watched = watched.ok_or_else(|| Failure("no watch was set".into()))?;
        set(changing, root, "after").await?;
        create(changing, &format!("{root}/absent"), "").await?;
        watched.all_fire(root).await
    })
    .await;
}

/// Changes made while a watcher was cut off are told to it when it is back.
pub async fn cut(talk: &mut Conversation, gated: &Client, changing: &Client) {
    talk.check("cut.missed-events", async {
        create(changing, "/cut", "").await?;
        let watched = watch_all(gated, "/cut").await?;
        let id = gated.session_id();
        ask("gate shut").await?;
        set(changing, "/cut", "x").await?;
        create(changing, "/cut/absent", "").await?;
        ask("gate open").await?;
        await_answers(gated).await?;
        equal(&id, &gated.session_id(), "session id")?;
        watched.all_fire("/cut").await
    })
    .await;
}

pub async fn expiry(talk: &mut Conversation, gate: &str, survivor: &Client) -> Checked {
    let silent = open(gate, SHORT_TIMEOUT).await?;
    talk.check("expiry.timeout", async {
        equal(
            &SHORT_TIMEOUT,
            &silent.session_timeout(),
            "negotiated timeout",
        )
    })
    .await;
    talk.check("expiry.ephemeral", async {
        silent.create("/expiring", b"", &EPHEMERAL).await?;
        let (_, watcher) = survivor.check_and_watch_stat("/expiring").await?;
        ask("gate freeze").await?;
        fires(watcher, EventType::NodeDeleted, "/expiring").await
    })
    .await;
    ask("gate open").await?;
    talk.check("expiry.client", async {
        let mut states = silent.state_watcher();
        let expired = async {
            while states.state() != SessionState::Expired {
                states.changed().await;
            }
        };
        within(expired, "Expired").await?;
        refused(Error::SessionExpired, silent.check_stat("/").await)
    })
    .await;
    Ok(())
}
