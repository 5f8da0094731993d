package main

import (
	"fmt"
	"sort"
	"time"

	"github.com/go-zookeeper/zk"
)

const clockSlack = time.Minute

func checkCrud(talk *Conversation, session *Session) {
	talk.check("crud.create", func() {
		path, err := session.Create("/crud", []byte("one"), zk.FlagPersistent, everyone)
		must(err)
		equal("/crud", path, "path")
		_, stat, err := session.Exists("/crud")
		must(err)
		fresh(stat, 3)
	})
	talk.check("crud.get", func() {
		data, stat, err := session.Get("/crud")
		must(err)
		equal("one", string(data), "data")
		fresh(stat, 3)
	})
	talk.check("crud.set", func() { checkSet(session) })
	talk.check("crud.children", func() { checkChildren(session) })
	talk.check("crud.errors", func() { checkErrors(session) })
	talk.check("crud.large", func() {
		large := make([]byte, 1000*1000)
		large[len(large)-1] = 7
		_, err := session.Set("/crud", large, -1)
		must(err)
		data, _, err := session.Get("/crud")
		must(err)
		equal(large, data, "data")
	})
	talk.check("crud.delete", func() {
		must(session.Delete("/crud/b", 0))
		exists, _, err := session.Exists("/crud/b")
		must(err)
		holds(!exists, "it is gone")
	})
}

func fresh(stat *zk.Stat, dataLength int32) {
	holds(stat.Czxid > 0, "czxid is set")
	equal(stat.Czxid, stat.Mzxid, "mzxid")
	equal(stat.Czxid, stat.Pzxid, "pzxid")
	equal(stat.Ctime, stat.Mtime, "mtime")
	age := time.Since(time.UnixMilli(stat.Ctime))
	holds(age < clockSlack && age > -clockSlack, "ctime is now")
	equal([]int32{0, 0, 0}, []int32{stat.Version, stat.Cversion, stat.Aversion}, "versions")
	equal(int64(0), stat.EphemeralOwner, "ephemeralOwner")
	equal([]int32{dataLength, 0}, []int32{stat.DataLength, stat.NumChildren}, "sizes")
}

func checkSet(session *Session) {
	_, before, err := session.Exists("/crud")
	must(err)
	after, err := session.Set("/crud", []byte("three"), 0)
	must(err)
	equal(before.Czxid, after.Czxid, "czxid")
	equal(before.Pzxid, after.Pzxid, "pzxid")
	equal(before.Ctime, after.Ctime, "ctime")
	holds(after.Mzxid > before.Mzxid, "mzxid grows")
	equal([]int32{1, 5}, []int32{after.Version, after.DataLength}, "version and length")
	_, seen, err := session.Exists("/crud")
	must(err)
	equal(after, seen, "Stat of exists")
}

func checkChildren(session *Session) {
	for _, name := range []string{"c", "a", "b"} {
		session.create("/crud/"+name, "")
	}
	names, parent, err := session.Children("/crud")
	must(err)
	sort.Strings(names)
	equal([]string{"a", "b", "c"}, names, "children")
	equal([]int32{3, 3}, []int32{parent.NumChildren, parent.Cversion}, "numChildren, cversion")
	_, last, err := session.Exists("/crud/b")
	must(err)
	equal(last.Czxid, parent.Pzxid, "pzxid of the parent")
	session.delete("/crud/a")
	_, parent, err = session.Exists("/crud")
	must(err)
	equal(int32(4), parent.Cversion, "cversion counts deletes")
}

func checkErrors(session *Session) {
	_, err := session.Create("/crud", nil, 0, everyone)
	refused(zk.ErrNodeExists, err)
	_, err = session.Create("/crud/none/child", nil, 0, everyone)
	refused(zk.ErrNoNode, err)
	_, _, err = session.Get("/crud/none")
	refused(zk.ErrNoNode, err)
	_, err = session.Set("/crud/none", nil, -1)
	refused(zk.ErrNoNode, err)
	refused(zk.ErrNoNode, session.Delete("/crud/none", -1))
	_, _, err = session.Children("/crud/none")
	refused(zk.ErrNoNode, err)
	refused(zk.ErrNotEmpty, session.Delete("/crud", -1))
	_, err = session.Set("/crud", nil, 7)
	refused(zk.ErrBadVersion, err)
	refused(zk.ErrBadVersion, session.Delete("/crud/b", 7))
	refused(zk.ErrBadArguments, session.Delete("/zookeeper", -1))
}

func checkWatches(talk *Conversation, watching, changing *Session) {
	talk.check("watch.data", func() {
		changing.create("/watch", "")
		_, _, events, err := watching.GetW("/watch")
		must(err)
		quiet(watching, events)
		changing.set("/watch", "1")
		next(events, zk.EventNodeDataChanged, "/watch")
		_, _, events, err = watching.GetW("/watch")
		must(err)
		changing.delete("/watch")
		next(events, zk.EventNodeDeleted, "/watch")
	})
	talk.check("watch.exists", func() {
		_, _, events, err := watching.ExistsW("/watch")
		must(err)
		changing.create("/watch", "")
		next(events, zk.EventNodeCreated, "/watch")
		_, _, events, err = watching.ExistsW("/watch")
		must(err)
		changing.set("/watch", "1")
		next(events, zk.EventNodeDataChanged, "/watch")
	})
	talk.check("watch.child", func() {
		_, _, events, err := watching.ChildrenW("/watch")
		must(err)
		changing.set("/watch", "2")
		quiet(watching, events)
		changing.create("/watch/child", "")
		next(events, zk.EventNodeChildrenChanged, "/watch")
		_, _, events, err = watching.ChildrenW("/watch/child")
		must(err)
		changing.delete("/watch/child")
		next(events, zk.EventNodeDeleted, "/watch/child")
	})
}

func checkMulti(talk *Conversation, session *Session) {
	create := func(path string, flags int32) interface{} {
		return &zk.CreateRequest{Path: path, Acl: everyone, Flags: flags}
	}
	talk.check("multi.success", func() {
		results, err := session.Multi(create("/multi", 0), create("/multi/a", 0),
			&zk.SetDataRequest{Path: "/multi/a", Data: []byte("x"), Version: 0},
			&zk.CheckVersionRequest{Path: "/multi/a", Version: 1},
			create("/multi/t", zk.FlagSequence), create("/multi/t", zk.FlagSequence),
			&zk.DeleteRequest{Path: "/multi/t0000000001", Version: 0})
		must(err)
		equal(7, len(results), "results")
		equal("/multi/a", results[1].String, "path")
		equal("/multi/t0000000001", results[4].String, "first sequential path")
		equal("/multi/t0000000002", results[5].String, "second sequential path")
		_, stat, err := session.Exists("/multi/a")
		must(err)
		equal(stat, results[2].Stat, "Stat of set")
		equal(stat.Czxid, stat.Mzxid, "one zxid for all")
	})
	for failing := 0; failing < 3; failing++ {
		failing := failing
		talk.check(fmt.Sprintf("multi.failure-at-%d", failing), func() {
			var ops []interface{}
			for i := 0; i < 3; i++ {
				ops = append(ops, create(fmt.Sprintf("/multi/f%d", i), 0))
			}
			ops[failing] = &zk.CheckVersionRequest{Path: "/multi/a", Version: 99}
			results, err := session.Multi(ops...)
			refused(zk.ErrBadVersion, err)
			for i, result := range results {
				switch {
				case i < failing:
					refused(nil, result.Error)
				case i == failing:
					refused(zk.ErrBadVersion, result.Error)
				default:
					holds(result.Error != nil, "what comes after the failure fails")
				}
				exists, _, err := session.Exists(fmt.Sprintf("/multi/f%d", i))
				must(err)
				holds(!exists, "nothing is left of it")
			}
		})
	}
}
