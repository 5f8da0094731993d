package main

import (
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

func checkNodes(talk *Conversation, connectString string, session *Session) {
	talk.check("node.ephemeral", func() {
		session.create("/node", "")
		owner := openSession(connectString, longTimeout)
		_, err := owner.Create("/node/ephemeral", nil, zk.FlagEphemeral, everyone)
		must(err)
		_, stat, err := session.Exists("/node/ephemeral")
		must(err)
		equal(owner.SessionID(), stat.EphemeralOwner, "ephemeralOwner")
		_, err = session.Create("/node/ephemeral/child", nil, 0, everyone)
		refused(zk.ErrNoChildrenForEphemerals, err)
		owner.Close()
		session.awaitGone("/node/ephemeral")
	})
	talk.check("node.sequential", func() {
		session.create("/queue", "")
		path, err := session.Create("/queue/a", nil, zk.FlagSequence, everyone)
		must(err)
		equal("/queue/a0000000000", path, "first")
		session.create("/queue/plain", "")
		path, err = session.Create("/queue/", nil, zk.FlagEphemeralSequential, everyone)
		must(err)
		equal("/queue/0000000002", path, "third")
		path, err = session.CreateProtectedEphemeralSequential("/queue/p-", nil, everyone)
		must(err)
		holds(strings.HasSuffix(path, "-p-0000000003"), "fourth, protected: "+path)
	})
	talk.check("node.container", func() {
		_, err := session.CreateContainer("/container", nil, zk.FlagContainer, everyone)
		must(err)
		session.create("/container/child", "")
		session.delete("/container/child")
		session.awaitGone("/container")
	})
	talk.check("node.ttl", func() {
		_, err := session.CreateTTL("/ttl", nil, zk.FlagTTL, everyone, 300*time.Millisecond)
		must(err)
		session.awaitGone("/ttl")
	})
	talk.check("node.sync", func() {
		path, err := session.Sync("/node")
		must(err)
		equal("/node", path, "path")
	})
	talk.check("recipe.lock", func() { checkLock(connectString, session) })
}

func checkLock(connectString string, session *Session) {
	other := openSession(connectString, longTimeout)
	first := zk.NewLock(session.Conn, "/lock", everyone)
	second := zk.NewLock(other.Conn, "/lock", everyone)
	must(first.Lock())
	acquired := make(chan error, 1)
	go func() { acquired <- second.Lock() }()
	for until := time.Now().Add(deadline); ; time.Sleep(10 * time.Millisecond) {
		names, _, err := session.Children("/lock")
		must(err)
		if len(names) == 2 {
			break
		}
		holds(time.Now().Before(until), "the second queues")
	}
	holds(len(acquired) == 0, "the second waits")
	must(first.Unlock())
	select {
	case err := <-acquired:
		must(err)
	case <-time.After(deadline):
		fail("the second never acquires")
	}
	must(second.Unlock())
	other.Close()
}

func checkRestart(talk *Conversation, signal string, watching, changing *Session) {
	root, mine, absent := "/restart-"+signal, "/restart-"+signal+"/mine", "/restart-"+signal+"/absent"
	id := watching.SessionID()
	var data, exists, child <-chan zk.Event
	talk.check("restart."+signal, func() {
		changing.create(root, "before")
		_, err := watching.Create(mine, nil, zk.FlagEphemeral, everyone)
		must(err)
		_, _, data, err = watching.GetW(root)
		must(err)
		_, _, exists, err = watching.ExistsW(absent)
		must(err)
		_, _, child, err = watching.ChildrenW(root)
		must(err)
		talk.ask("restart " + signal)
		watching.awaitAnswers()
		changing.awaitAnswers()
	})
	talk.check("restart."+signal+".session", func() {
		equal(id, watching.SessionID(), "session id")
	})
	talk.check("restart."+signal+".data", func() {
		value, _, err := changing.Get(root)
		must(err)
		equal("before", string(value), "data")
	})
	talk.check("restart."+signal+".ephemeral", func() {
		found, stat, err := changing.Exists(mine)
		must(err)
		holds(found, "it is there")
		equal(id, stat.EphemeralOwner, "owner")
	})
	talk.check("restart."+signal+".watches", func() {
		quiet(watching, data)
		quiet(watching, exists)
		quiet(watching, child)
		changing.set(root, "after")
		next(data, zk.EventNodeDataChanged, root)
		changing.create(absent, "")
		next(exists, zk.EventNodeCreated, absent)
		next(child, zk.EventNodeChildrenChanged, root)
	})
}

// checkCut: changes made while a watcher was cut off are told to it when it is back.
func checkCut(talk *Conversation, gated, changing *Session) {
	talk.check("cut.missed-events", func() {
		changing.create("/cut", "")
		changing.create("/cut/deleted", "")
		_, _, data, err := gated.GetW("/cut")
		must(err)
		_, _, created, err := gated.ExistsW("/cut/created")
		must(err)
		_, _, deleted, err := gated.GetW("/cut/deleted")
		must(err)
		_, _, child, err := gated.ChildrenW("/cut")
		must(err)
		id := gated.SessionID()
		talk.ask("gate shut")
		changing.set("/cut", "x")
		changing.create("/cut/created", "")
		changing.delete("/cut/deleted")
		talk.ask("gate open")
		gated.awaitAnswers()
		equal(id, gated.SessionID(), "session id")
		next(data, zk.EventNodeDataChanged, "/cut")
		next(created, zk.EventNodeCreated, "/cut/created")
		next(deleted, zk.EventNodeDeleted, "/cut/deleted")
		next(child, zk.EventNodeChildrenChanged, "/cut")
	})
}

func checkExpiry(talk *Conversation, gate string, survivor *Session) {
	silent := openSession(gate, shortTimeout)
	defer silent.Close()
	id := silent.SessionID()
	var watch <-chan zk.Event
	talk.check("expiry.ephemeral", func() {
		_, err := silent.Create("/expiring", nil, zk.FlagEphemeral, everyone)
		must(err)
		_, _, watch, err = silent.GetW("/")
		must(err)
		_, _, events, err := survivor.ExistsW("/expiring")
		must(err)
		talk.ask("gate freeze")
		next(events, zk.EventNodeDeleted, "/expiring")
	})
	talk.ask("gate open")
	talk.check("expiry.client", func() {
		await(silent.expired, "StateExpired")
		event := <-watch
		refused(zk.ErrSessionExpired, event.Err)
		// This client begins a new session by itself.
		silent.awaitAnswers()
		holds(silent.SessionID() != id, "the session is a new one")
	})
}
