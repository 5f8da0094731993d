//! Who may do what: digest identities, addresses, the open and the closed, and ACLs refused.

use zookeeper_client::{Acl, Acls, AuthId, AuthUser, Client, CreateMode, Error, Permission};

use crate::session::{create, open, set, LONG_TIMEOUT, OPEN};
use crate::talk::{equal, holds, refused, Checked, Conversation};

pub async fn acls(talk: &mut Conversation, connect_string: &str, stranger: &Client) -> Checked {
    let walker = open(connect_string, LONG_TIMEOUT).await?;
    walker.auth("digest", b"walker:secret").await?;
    talk.check("acl.creator-all", creator_all(&walker, stranger))
        .await;
    talk.check("acl.digest", digest(&walker, stranger)).await;
    talk.check("acl.ip", address(stranger)).await;
    talk.check("acl.set", set_acl(&walker, stranger)).await;
    talk.check("acl.invalid", invalid(stranger)).await;
    talk.check("acl.whoami", async {
        let users = walker.list_auth_users().await?;
        holds(
            users.contains(&AuthUser::new("digest", "walker")),
            "the digest user",
        )?;
        holds(
            users.contains(&AuthUser::new("ip", "127.0.0.1")),
            "the address",
        )
    })
    .await;
    talk.check("acl.auth-failed", async {
        let session = open(connect_string, LONG_TIMEOUT).await?;
        refused(Error::AuthFailed, session.auth("nonsense", b"x").await)
    })
    .await;
    Ok(())
}

async fn create_with(client: &Client, path: &str, acl: &[Acl]) -> Result<(), Error> {
    let options = CreateMode::Persistent.with_acls(Acls::new(acl));
    client.create(path, b"x", &options).await.map(|_| ())
}

fn all(scheme: &str, id: &str) -> Acl {
    Acl::new(Permission::ALL, AuthId::new(scheme, id))
}

async fn creator_all(walker: &Client, stranger: &Client) -> Checked {
    let mine = CreateMode::Persistent.with_acls(Acls::creator_all());
    refused(Error::InvalidAcl, stranger.create("/acl", b"", &mine).await)?;
    walker.create("/acl", b"", &mine).await?;
    let (acl, _) = walker.get_acl("/acl").await?;
    equal(&1, &acl.len(), "entries")?;
    equal(&"digest", &acl[0].scheme(), "scheme")?;
    holds(acl[0].id().starts_with("walker:"), "id of the creator")?;
    refused(Error::NoAuth, stranger.get_data("/acl").await)?;
    refused(Error::NoAuth, stranger.set_data("/acl", b"", None).await)?;
    refused(Error::NoAuth, stranger.list_children("/acl").await)?;
    refused(Error::NoAuth, stranger.get_acl("/acl").await)?;
    refused(Error::NoAuth, stranger.set_acl("/acl", &acl, None).await)?;
    refused(Error::NoAuth, stranger.create("/acl/x", b"", &OPEN).await)?;
    create(walker, "/acl/open", "").await?;
    // It is the parent's DELETE that counts.
    refused(Error::NoAuth, stranger.delete("/acl/open", None).await)?;
    Ok(walker.delete("/acl/open", None).await?)
}

async fn digest(walker: &Client, stranger: &Client) -> Checked {
    let (mine, _) = walker.get_acl("/acl").await?;
    let acl = [
        mine[0].clone(),
        Acl::new(Permission::READ, AuthId::new("world", "anyone")),
    ];
    create_with(stranger, "/acl-digest", &acl).await?;
    equal(
        &b"x"[..],
        &stranger.get_data("/acl-digest").await?.0,
        "data",
    )?;
    refused(
        Error::NoAuth,
        stranger.set_data("/acl-digest", b"", None).await,
    )?;
    equal(
        &acl[..],
        &walker.get_acl("/acl-digest").await?.0,
        "ACL as its owner sees it",
    )?;
    let masked = [all("digest", "walker:x"), acl[1].clone()];
    equal(
        &masked[..],
        &stranger.get_acl("/acl-digest").await?.0,
        "ACL without ADMIN",
    )?;
    set(walker, "/acl-digest", "y").await.map(|_| ())
}

async fn address(client: &Client) -> Checked {
    create_with(client, "/acl-here", &[all("ip", "127.0.0.1")]).await?;
    set(client, "/acl-here", "y").await?;
    create_with(client, "/acl-elsewhere", &[all("ip", "10.0.0.0/8")]).await?;
    refused(Error::NoAuth, client.get_data("/acl-elsewhere").await)?;
    Ok(client.delete("/acl-elsewhere", None).await?)
}

async fn set_acl(walker: &Client, stranger: &Client) -> Checked {
    create(walker, "/acl-set", "").await?;
    let mine = [all("auth", "")];
    refused(
        Error::BadVersion,
        walker.set_acl("/acl-set", &mine, Some(5)).await,
    )?;
    let stat = walker.set_acl("/acl-set", &mine, Some(0)).await?;
    equal(
        &[1, 0],
        &[stat.aversion, stat.version],
        "aversion and version",
    )?;
    equal(&stat.czxid, &stat.mzxid, "mzxid")?;
    refused(Error::NoAuth, stranger.get_data("/acl-set").await)
}

async fn invalid(client: &Client) -> Checked {
    for bad in [
        all("nonsense", "x"),
        all("world", "someone"),
        all("ip", "300.1.2.3"),
        all("digest", "no-colon"),
    ] {
        refused(
            Error::InvalidAcl,
            create_with(client, "/acl-bad", &[bad]).await,
        )?;
    }
    refused(
        Error::InvalidAcl,
        client.set_acl("/acl-here", &[all("no", "x")], None).await,
    )
}
