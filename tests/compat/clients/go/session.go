package main

import (
	"time"

	"github.com/go-zookeeper/zk"
)

const (
	// Outlives a restart, however busy the machine; these servers grant up to 60 s.
	longTimeout = 40 * time.Second
	// The shortest session that a server with tickTime 500 grants.
	shortTimeout = time.Second

	deadline = 30 * time.Second
)

var everyone = zk.WorldACL(zk.PermAll)

// Session is one session of the client under test.
type Session struct {
	*zk.Conn
	expired chan struct{}
}

func openSession(connectString string, timeout time.Duration) *Session {
	session := &Session{expired: make(chan struct{}, 1)}
	connected := make(chan struct{}, 1)
	onEvent := func(event zk.Event) {
		switch event.State {
		case zk.StateHasSession:
			notify(connected)
		case zk.StateExpired:
			notify(session.expired)
		}
	}
	conn, _, err := zk.Connect([]string{connectString}, timeout,
		zk.WithLogInfo(false), zk.WithEventCallback(onEvent))
	must(err)
	session.Conn = conn
	await(connected, "session")
	return session
}

func notify(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

func await(channel chan struct{}, what string) {
	select {
	case <-channel:
	case <-time.After(deadline):
		fail("never came: %s", what)
	}
}

func (session *Session) create(path, data string) {
	_, err := session.Create(path, []byte(data), zk.FlagPersistent, everyone)
	must(err)
}

func (session *Session) set(path, data string) {
	_, err := session.Set(path, []byte(data), -1)
	must(err)
}

func (session *Session) delete(path string) {
	must(session.Delete(path, -1))
}

// awaitAnswers waits until requests are answered again after the connection was lost.
func (session *Session) awaitAnswers() {
	for until := time.Now().Add(deadline); ; time.Sleep(20 * time.Millisecond) {
		_, _, err := session.Exists("/")
		if err == nil {
			return
		}
		if time.Now().After(until) {
			fail("no answers after the connection was lost: %v", err)
		}
	}
}

// awaitGone waits until the server has removed the znode by itself.
func (session *Session) awaitGone(path string) {
	exists, _, events, err := session.ExistsW(path)
	must(err)
	if exists {
		next(events, zk.EventNodeDeleted, path)
	}
}

// next requires that the watch went off with this event.
func next(events <-chan zk.Event, eventType zk.EventType, path string) {
	select {
	case event := <-events:
		equal(eventType, event.Type, "event")
		equal(path, event.Path, "path")
	case <-time.After(deadline):
		fail("no event %v %s", eventType, path)
	}
}

// quiet requires that the watch has not gone off, as far as the server has told this session.
func quiet(session *Session, events <-chan zk.Event) {
	// The client hands out events on the goroutine that reads replies, in their order.
	_, err := session.Sync("/")
	must(err)
	select {
	case event := <-events:
		fail("unexpected event %v", event)
	default:
	}
}
