package main

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
	"time"
)

// Who reads the first line of much and goes away, as head does, ends the command without
// a word.
func TestReaderGoesAway(t *testing.T) {
	d := newDesk(t)
	if a := d.try("export", "packet.json"); a.status != exitDone {
		t.Fatal(a.errs)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var errs bytes.Buffer
	c := exec.CommandContext(ctx, "exportctl", "find", "--all", "--json")
	c.Dir, c.Env, c.Stderr = d.dir, d.env, &errs
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil { // before anything is written
		t.Fatal(err)
	}
	err = c.Wait()
	if err == nil || ctx.Err() != nil || errs.Len() > 0 {
		t.Errorf("it ended with %v, and said %s", err, &errs)
	}
}
