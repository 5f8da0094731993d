//! CRUD with every field of Stat, watches of every kind, and multi.

use std::time::{SystemTime, UNIX_EPOCH};

use zookeeper_client::{
    Acls, AddWatchMode, Client, CreateMode, Error, EventType, MultiReadResult, MultiWriteError,
    MultiWriteResult, Stat,
};

use crate::session::{create, fires, next, set, stat, OPEN};
use crate::talk::{equal, holds, refused, Checked, Conversation, Failure};

const CLOCK_SLACK_MS: i64 = 60_000;

pub async fn crud(talk: &mut Conversation, client: &Client) {
    talk.check("crud.create", async {
        let created = create(client, "/crud", "one").await?;
        fresh(&created, 3)?;
        equal(&created, &stat(client, "/crud").await?, "Stat of exists")
    })
    .await;
    talk.check("crud.get", async {
        let (data, stat) = client.get_data("/crud").await?;
        equal(&b"one"[..], &data, "data")?;
        fresh(&stat, 3)
    })
    .await;
    talk.check("crud.set", set_data(client)).await;
    talk.check("crud.children", children(client)).await;
    talk.check("crud.errors", errors(client)).await;
    talk.check("crud.delete", async {
        client.delete("/crud/b", Some(0)).await?;
        equal(
            &None,
            &client.check_stat("/crud/b").await?,
            "Stat of a deleted znode",
        )
    })
    .await;
}

fn fresh(stat: &Stat, data_length: i32) -> Checked {
    holds(stat.czxid > 0, "czxid is set")?;
    equal(
        &[stat.czxid, stat.czxid],
        &[stat.mzxid, stat.pzxid],
        "mzxid and pzxid",
    )?;
    equal(&stat.ctime, &stat.mtime, "mtime")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    holds((now - stat.ctime).abs() < CLOCK_SLACK_MS, "ctime is now")?;
    equal(
        &[0, 0, 0],
        &[stat.version, stat.cversion, stat.aversion],
        "versions",
    )?;
    equal(&0, &stat.ephemeral_owner, "ephemeralOwner")?;
    equal(
        &[data_length, 0],
        &[stat.data_length, stat.num_children],
        "sizes",
    )
}

async fn set_data(client: &Client) -> Checked {
    let before = stat(client, "/crud").await?;
    let after = client.set_data("/crud", b"three", Some(0)).await?;
    equal(
        &[before.czxid, before.pzxid, before.ctime],
        &[after.czxid, after.pzxid, after.ctime],
        "czxid, pzxid and ctime",
    )?;
    holds(after.mzxid > before.mzxid, "mzxid grows")?;
    equal(
        &[1, 5],
        &[after.version, after.data_length],
        "version and length",
    )?;
    equal(&after, &stat(client, "/crud").await?, "Stat of exists")
}

async fn children(client: &Client) -> Checked {
    for path in ["/crud/c", "/crud/a", "/crud/b"] {
        create(client, path, "").await?;
    }
    let (mut names, parent) = client.get_children("/crud").await?;
    names.sort();
    equal(
        &["a", "b", "c"][..],
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
        "names",
    )?;
    equal(
        &3,
        &client.list_children("/crud").await?.len(),
        "children without Stat",
    )?;
    equal(
        &[3, 3],
        &[parent.num_children, parent.cversion],
        "numChildren and cversion",
    )?;
    equal(
        &stat(client, "/crud/b").await?.czxid,
        &parent.pzxid,
        "pzxid of the parent",
    )?;
    client.delete("/crud/a", None).await?;
    equal(
        &4,
        &stat(client, "/crud").await?.cversion,
        "cversion counts deletes",
    )?;
    equal(
        &2,
        &client.count_descendants_number("/crud").await?,
        "all children number",
    )
}

async fn errors(client: &Client) -> Checked {
    refused(Error::NodeExists, client.create("/crud", b"", &OPEN).await)?;
    refused(
        Error::NoNode,
        client.create("/crud/none/child", b"", &OPEN).await,
    )?;
    refused(Error::NoNode, client.get_data("/crud/none").await)?;
    refused(
        Error::NoNode,
        client.set_data("/crud/none", b"", None).await,
    )?;
    refused(Error::NoNode, client.delete("/crud/none", None).await)?;
    refused(Error::NoNode, client.get_children("/crud/none").await)?;
    refused(Error::NotEmpty, client.delete("/crud", None).await)?;
    refused(
        Error::BadVersion,
        client.set_data("/crud", b"", Some(7)).await,
    )?;
    refused(Error::BadVersion, client.delete("/crud/b", Some(7)).await)
}

pub async fn watches(talk: &mut Conversation, watching: &Client, changing: &Client) {
    talk.check("watch.data", async {
        create(changing, "/watch", "").await?;
        let (_, _, watcher) = watching.get_and_watch_data("/watch").await?;
        set(changing, "/watch", "1").await?;
        fires(watcher, EventType::NodeDataChanged, "/watch").await?;
        let (_, _, watcher) = watching.get_and_watch_data("/watch").await?;
        changing.delete("/watch", None).await?;
        fires(watcher, EventType::NodeDeleted, "/watch").await
    })
    .await;
    talk.check("watch.exists", async {
        let (_, watcher) = watching.check_and_watch_stat("/watch").await?;
        create(changing, "/watch", "").await?;
        fires(watcher, EventType::NodeCreated, "/watch").await?;
        let (_, watcher) = watching.check_and_watch_stat("/watch").await?;
        set(changing, "/watch", "1").await?;
        fires(watcher, EventType::NodeDataChanged, "/watch").await
    })
    .await;
    talk.check("watch.child", async {
        let (_, _, watcher) = watching.get_and_watch_children("/watch").await?;
        set(changing, "/watch", "2").await?;
        create(changing, "/watch/child", "").await?;
        fires(watcher, EventType::NodeChildrenChanged, "/watch").await?;
        let (_, watcher) = watching.list_and_watch_children("/watch/child").await?;
        changing.delete("/watch/child", None).await?;
        fires(watcher, EventType::NodeDeleted, "/watch/child").await
    })
    .await;
    talk.check("watch.remove", async {
        let (_, watcher) = watching.check_and_watch_stat("/watch").await?;
        #[allow(deprecated)] // Dropping it would do, but does not tell what the server says.
        watcher.remove().await?;
        Ok(())
    })
    .await;
    talk.check("watch.persistent", persistent(watching, changing))
        .await;
    talk.check("watch.recursive", recursive(watching, changing))
        .await;
}

async fn persistent(watching: &Client, changing: &Client) -> Checked {
    let mut watcher = watching
        .watch("/persistent", AddWatchMode::Persistent)
        .await?;
    create(changing, "/persistent", "").await?;
    next(&mut watcher, EventType::NodeCreated, "/persistent").await?;
    for _ in 0..3 {
        set(changing, "/persistent", "x").await?;
        next(&mut watcher, EventType::NodeDataChanged, "/persistent").await?;
    }
    create(changing, "/persistent/child", "").await?;
    next(&mut watcher, EventType::NodeChildrenChanged, "/persistent").await?;
    set(changing, "/persistent/child", "not told").await?;
    set(changing, "/persistent", "told").await?;
    next(&mut watcher, EventType::NodeDataChanged, "/persistent").await?;
    #[allow(deprecated)]
    watcher.remove().await?;
    Ok(())
}

async fn recursive(watching: &Client, changing: &Client) -> Checked {
    let mut watcher = watching
        .watch("/recursive", AddWatchMode::PersistentRecursive)
        .await?;
    for path in ["/recursive", "/recursive/child", "/recursive/child/grand"] {
        create(changing, path, "").await?;
        next(&mut watcher, EventType::NodeCreated, path).await?;
    }
    set(changing, "/recursive/child/grand", "x").await?;
    next(
        &mut watcher,
        EventType::NodeDataChanged,
        "/recursive/child/grand",
    )
    .await?;
    changing.delete("/recursive/child/grand", None).await?;
    next(
        &mut watcher,
        EventType::NodeDeleted,
        "/recursive/child/grand",
    )
    .await?;
    #[allow(deprecated)]
    watcher.remove().await?;
    Ok(())
}

pub async fn multi(talk: &mut Conversation, client: &Client) {
    talk.check("multi.success", success(client)).await;
    for position in 0..3 {
        talk.check(
            &format!("multi.failure-at-{position}"),
            failure(client, position),
        )
        .await;
    }
    talk.check("multi.check-writer", async {
        let mut writer = client.new_check_writer("/multi", Some(99))?;
        writer.add_create("/multi/unborn", b"", &OPEN)?;
        holds(writer.commit().await.is_err(), "a wrong version stops it")?;
        let mut writer = client.new_check_writer("/multi", Some(0))?;
        writer.add_create("/multi/born", b"", &OPEN)?;
        equal(&1, &writer.commit().await?.len(), "results")
    })
    .await;
    talk.check("multi.read", async {
        let mut reader = client.new_multi_reader();
        reader.add_get_data("/multi/a")?;
        reader.add_get_data("/multi/none")?;
        reader.add_get_children("/multi")?;
        use MultiReadResult::{Children, Data};
        match &reader.commit().await?[..] {
            [Data { data, .. }, MultiReadResult::Error { err }, Children { children }] => {
                equal(&b"x"[..], data, "data")?;
                equal(&Error::NoNode, err, "error")?;
                holds(children.len() >= 2, "a failed read does not stop the next")
            }
            other => Err(Failure(format!("unexpected results {other:?}"))),
        }
    })
    .await;
}

async fn success(client: &Client) -> Checked {
    let sequential = CreateMode::PersistentSequential.with_acls(Acls::anyone_all());
    let mut writer = client.new_multi_writer();
    writer.add_create("/multi", b"", &OPEN)?;
    writer.add_create("/multi/a", b"", &OPEN)?;
    writer.add_set_data("/multi/a", b"x", Some(0))?;
    writer.add_check_version("/multi/a", 1)?;
    writer.add_create("/multi/t", b"", &sequential)?;
    writer.add_create("/multi/t", b"", &sequential)?;
    writer.add_delete("/multi/t0000000001", Some(0))?;
    let results = writer.commit().await?;
    equal(&7, &results.len(), "results")?;
    let paths: Vec<_> = results
        .iter()
        .filter_map(|result| match result {
            MultiWriteResult::Create { path, .. } => Some(path.as_str()),
            _ => None,
        })
        .collect();
    equal(
        &[
            "/multi",
            "/multi/a",
            "/multi/t0000000001",
            "/multi/t0000000002",
        ][..],
        &paths,
        "created paths",
    )?;
    let seen = stat(client, "/multi/a").await?;
    equal(
        &MultiWriteResult::SetData { stat: seen },
        &results[2],
        "Stat of setData",
    )?;
    equal(&seen.czxid, &seen.mzxid, "one zxid for all")
}

async fn failure(client: &Client, failing: usize) -> Checked {
    let mut writer = client.new_multi_writer();
    for position in 0..3 {
        if position == failing {
            writer.add_check_version("/multi/a", 99)?;
        } else {
            writer.add_create(&format!("/multi/f{position}"), b"", &OPEN)?;
        }
    }
    let expected = MultiWriteError::OperationFailed {
        index: failing,
        source: Error::BadVersion,
    };
    equal(&Some(expected), &writer.commit().await.err(), "error")?;
    let names = client.list_children("/multi").await?;
    holds(
        !names.iter().any(|name| name.starts_with('f')),
        "nothing is left of it",
    )
}
