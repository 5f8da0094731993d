// Walks through what go-zookeeper offers, on a real server. Arguments: the server's connect string,
// and that of a gate in front of it which the test can shut, freeze and open.
package main

import "os"

func main() {
	server, gate := os.Args[1], os.Args[2]
	talk := newConversation()
	one, two := openSession(server, longTimeout), openSession(server, longTimeout)
	gated := openSession(gate, longTimeout)
	checkCrud(talk, one)
	checkWatches(talk, one, two)
	checkMulti(talk, one)
	checkAcls(talk, server, one)
	checkNodes(talk, server, one)
	checkRestart(talk, "term", one, two)
	checkRestart(talk, "kill", one, two)
	checkCut(talk, gated, two)
	checkExpiry(talk, gate, one)
	for _, session := range []*Session{one, two, gated} {
		session.Close()
	}
	if talk.failures > 0 {
		os.Exit(1)
	}
}
