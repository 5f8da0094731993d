package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
)

// Conversation is the walk's talk with the test that started it: findings and requests go out on
// stdout, one per line, answers come in on stdin.
type Conversation struct {
	answers  *bufio.Reader
	failures int
}

func newConversation() *Conversation {
	return &Conversation{answers: bufio.NewReader(os.Stdin)}
}

// check runs one check and reports it; a check fails by panicking, and the walk goes on.
func (talk *Conversation) check(name string, body func()) {
	defer func() {
		failure := recover()
		if failure == nil {
			fmt.Println("ok", name)
			return
		}
		talk.failures++
		text := strings.ReplaceAll(fmt.Sprint(failure), "\n", " ")
		fmt.Printf("FAIL %s: %s\n", name, text)
	}()
	body()
}

// ask asks the test for something (a restart, a move of the gate) and waits until it is done.
func (talk *Conversation) ask(request string) {
	fmt.Println(request)
	answer, err := talk.answers.ReadString('\n')
	if err != nil || answer != "done\n" {
		panic(fmt.Sprintf("asked for %q, was answered %q", request, answer))
	}
}

func equal(expected, actual interface{}, what string) {
	if !reflect.DeepEqual(expected, actual) {
		fail("%s: expected %v, got %v", what, expected, actual)
	}
}

func holds(condition bool, what string) {
	if !condition {
		fail("does not hold: %s", what)
	}
}

// must fails the check if an operation did.
func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// refused requires that the server refused with exactly this error.
func refused(expected, err error) {
	if err != expected {
		fail("expected error %v, got %v", expected, err)
	}
}

func fail(format string, arguments ...interface{}) {
	// Names the line of the check, past the helpers above.
	for depth := 1; ; depth++ {
		_, file, line, ok := runtime.Caller(depth)
		if !ok || !strings.HasSuffix(file, "talk.go") {
			panic(fmt.Sprintf(format, arguments...) + fmt.Sprintf(" at %s:%d", file, line))
		}
	}
}
