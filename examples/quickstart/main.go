// Quickstart is Holdfast in sixty seconds, with nothing but this module: three
// promotes become evidence, one byte of it is changed and noticed, the newest row of
// the log is cut off and missed, an incident is bound to the row that authorised the
// risk, the way there is rehearsed against the clock, and the story is written down.
//
//	go run ./examples/quickstart
//
// Everything it makes lies in ./holdfast-evidence, to be looked at. Run it again and
// it finds what is there. Change or remove anything in the bucket yourself, run it
// once more, and it says what, and exits with 1. Kill it while it harms the evidence,
// and the next run puts that right before anything else.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	home, err := filepath.Abs("holdfast-evidence")
	if err == nil {
		err = newShow(home, os.Stdout).run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nquickstart:", err)
	}
	os.Exit(status(err))
}

// status is the exit status of a program that ends with an error, or without one.
func status(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// show is one run.
type show struct {
	paths
	page
	undo undo
	key  *logKey
	at   func(point string) // told where it is; tests kill it there
}

func newShow(home string, out io.Writer) *show {
	s := &show{paths: paths{home}, page: page{out}, at: func(string) {}}
	s.undo = undo{bucket: s.bucket(), folder: s.path("undo"), at: func(point string) { s.at(point) }}
	return s
}

func (s *show) run(ctx context.Context) error {
	for _, scene := range []func(context.Context) error{
		s.prepare, s.export, s.flip, s.cutOff, s.diverge, s.rehearse, s.lineage,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.next()
}

// prepare makes the keys on the first run and finds them on the next, and puts
// right what a run that was killed has left.
func (s *show) prepare(context.Context) (err error) {
	s.heading("Holdfast in sixty seconds")
	if err := os.MkdirAll(s.home, 0o755); err != nil {
		return err
	}
	if s.key, err = loadLogKey(s.path("log.key")); err != nil {
		return err
	}
	s.say("A directory stands in for the bucket. It simulates write-once and cannot provide it: what is only " +
		"noticed below, a cloud bucket with object lock refuses.")
	s.say("bucket   %s\nkeys     %s signs manifests, log.key beside it the log", short(s.bucket()), short(s.path("holdfast.key")))
	put, err := s.undo.mend()
	if put > 0 {
		s.say("A run before this one was killed while it had harmed the evidence: put back from %s: %s.", short(s.undo.folder), files(put))
	}
	return err
}
