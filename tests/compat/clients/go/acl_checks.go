package main

import (
	"github.com/go-zookeeper/zk"
)

func checkAcls(talk *Conversation, connectString string, stranger *Session) {
	walker := openSession(connectString, longTimeout)
	defer walker.Close()
	must(walker.AddAuth("digest", []byte("walker:secret")))
	mine := zk.AuthACL(zk.PermAll)
	owner := zk.DigestACL(zk.PermAll, "walker", "secret")
	talk.check("acl.creator-all", func() {
		_, err := stranger.Create("/acl", nil, 0, mine)
		refused(zk.ErrInvalidACL, err)
		_, err = walker.Create("/acl", nil, 0, mine)
		must(err)
		acl, _, err := walker.GetACL("/acl")
		must(err)
		equal(owner, acl, "ACL")
		strangerIsRefused(stranger)
		walker.create("/acl/open", "")
		// It is the parent's DELETE that counts.
		refused(zk.ErrNoAuth, stranger.Delete("/acl/open", -1))
		walker.delete("/acl/open")
	})
	talk.check("acl.digest", func() {
		acl := append(append([]zk.ACL{}, owner...), zk.WorldACL(zk.PermRead)...)
		_, err := stranger.Create("/acl-digest", []byte("x"), 0, acl)
		must(err)
		_, _, err = stranger.Get("/acl-digest")
		must(err)
		_, err = stranger.Set("/acl-digest", nil, -1)
		refused(zk.ErrNoAuth, err)
		seen, _, err := walker.GetACL("/acl-digest")
		must(err)
		equal(acl, seen, "ACL as its owner sees it")
		seen, _, err = stranger.GetACL("/acl-digest")
		must(err)
		equal("walker:x", seen[0].ID, "id without ADMIN")
		walker.set("/acl-digest", "y")
	})
	talk.check("acl.ip", func() {
		here := []zk.ACL{{Perms: zk.PermAll, Scheme: "ip", ID: "127.0.0.1"}}
		_, err := stranger.Create("/acl-here", nil, 0, here)
		must(err)
		stranger.set("/acl-here", "x")
		elsewhere := []zk.ACL{{Perms: zk.PermAll, Scheme: "ip", ID: "10.0.0.0/8"}}
		_, err = stranger.Create("/acl-elsewhere", nil, 0, elsewhere)
		must(err)
		_, _, err = stranger.Get("/acl-elsewhere")
		refused(zk.ErrNoAuth, err)
		stranger.delete("/acl-elsewhere")
	})
	talk.check("acl.set", func() {
		walker.create("/acl-set", "")
		_, err := walker.SetACL("/acl-set", mine, 5)
		refused(zk.ErrBadVersion, err)
		stat, err := walker.SetACL("/acl-set", mine, 0)
		must(err)
		equal(int32(1), stat.Aversion, "aversion")
		equal(stat.Czxid, stat.Mzxid, "mzxid")
		_, _, err = stranger.Get("/acl-set")
		refused(zk.ErrNoAuth, err)
	})
	talk.check("acl.invalid", func() {
		for _, bad := range []zk.ACL{
			{Perms: zk.PermAll, Scheme: "nonsense", ID: "x"},
			{Perms: zk.PermAll, Scheme: "world", ID: "someone"},
			{Perms: zk.PermAll, Scheme: "ip", ID: "300.1.2.3"},
			{Perms: zk.PermAll, Scheme: "digest", ID: "no-colon"},
		} {
			_, err := stranger.Create("/acl-bad", nil, 0, []zk.ACL{bad})
			refused(zk.ErrInvalidACL, err)
		}
		_, err := stranger.Create("/acl-bad", nil, 0, []zk.ACL{})
		refused(zk.ErrInvalidACL, err)
	})
	talk.check("acl.auth-failed", func() {
		session := openSession(connectString, longTimeout)
		defer session.Close()
		refused(zk.ErrAuthFailed, session.AddAuth("nonsense", []byte("x")))
	})
	talk.check("acl.odd-digest", func() {
		session := openSession(connectString, longTimeout)
		defer session.Close()
		must(session.AddAuth("digest", []byte("no-colon")))
	})
}

func strangerIsRefused(stranger *Session) {
	_, _, err := stranger.Get("/acl")
	refused(zk.ErrNoAuth, err)
	_, err = stranger.Set("/acl", nil, -1)
	refused(zk.ErrNoAuth, err)
	_, _, err = stranger.Children("/acl")
	refused(zk.ErrNoAuth, err)
	_, _, err = stranger.GetACL("/acl")
	refused(zk.ErrNoAuth, err)
	_, err = stranger.SetACL("/acl", everyone, -1)
	refused(zk.ErrNoAuth, err)
	_, err = stranger.Create("/acl/x", nil, 0, everyone)
	refused(zk.ErrNoAuth, err)
}
