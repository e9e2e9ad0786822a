package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

func (t *tool) doctorCommand() *cobra.Command {
	var readOnly bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check a bucket end to end, and say what to fix, in order",
		Long: `Doctor looks at all that an export needs, in the order in which to mend it: whether the bucket
can be reached, what these credentials may do, whether it is create-only, keeps versions and
locks, and what uploads nobody finished; the clock; the keys, and whether what they sign is
trusted; the policy; the spool.

Nothing in such a bucket can be deleted, and so it leaves one object there, ` + probeKey + `, the
same whenever and by whomever it is run: a line of text, locked for a minute in governance
mode, which shows that locks may be set. With --read-only it writes nothing, and cannot tell
whether exports may.

The exit status is 0 if nothing is broken and 1 if something is to be fixed. If the bucket could
not be looked at, it is what any command on this bucket ends with: 4 if it does not answer, 2 if
it is not there, or does not take these credentials.

When to use: when setting up; and first of all when something does not work.
Related: keys check; policy check; verify, for what lies in the bucket`,
		Example: `  exportctl doctor
  exportctl doctor --read-only --json | jq '.checks[] | select(.state == "bad")'`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			e := t.examine(c, readOnly)
			if err := c.Context().Err(); err != nil {
				return err
			}
			if err := t.screen.Show(e, e.draw); err != nil {
				return err
			}
			return e.verdict()
		},
	}
	c.Flags().BoolVar(&readOnly, "read-only", false, "write nothing to the bucket")
	return c
}

// What a check comes to.
type health string

const (
	well    health = "ok"
	minded  health = "mind" // exports work; somebody should look at it
	broken  health = "bad"
	skipped health = "skipped"
)

// check is one thing that was looked at.
type check struct {
	Name  string `json:"check"`
	State health `json:"state"`
	Found string `json:"found"`
	Todo  string `json:"todo,omitempty"`
}

// examination is all that doctor found.
type examination struct {
	Bucket string  `json:"bucket"`
	Checks []check `json:"checks"`
	Leaves string  `json:"leaves_in_bucket,omitempty"` // what lies there now because of doctor
	closed int     // the exit status of a bucket that could not be looked at
	failed func(name string, err error) (check, int)
}

func (e *examination) add(c check) { e.Checks = append(e.Checks, c) }

// say adds a check that needs nothing done, or that says what.
func (e *examination) say(name string, state health, found, todo string) {
	e.add(check{Name: name, State: state, Found: found, Todo: todo})
}

// fail adds a check that ended in an error, and returns the exit status that a command
// would have that ended in it.
func (e *examination) fail(name string, err error) int {
	c, status := e.failed(name, err)
	e.add(c)
	return status
}

// stall is fail for a bucket that has answered before: if it does not any more, it could
// not be looked at.
func (e *examination) stall(name string, err error) {
	if status := e.fail(name, err); status == exitUnreachable {
		e.closed = status
	}
}

// examine looks at everything. What cannot be looked at without the bucket is skipped if
// it does not answer; the rest is looked at all the same.
func (t *tool) examine(c *cobra.Command, readOnly bool) *examination {
	ctx := c.Context()
	e := &examination{Bucket: t.shared.bucket, failed: func(name string, err error) (check, int) {
		status, todo := diagnose(context.Background(), c, err)
		return check{Name: name, State: broken, Found: t.briefly(err), Todo: todo}, status
	}}
	bucket := t.examineBucket(ctx, e, readOnly)
	if bucket != nil {
		defer bucket.Close()
	}
	t.examineKeys(ctx, e)
	t.examinePolicy(e, bucket)
	t.examineSpool(ctx, e)
	return e
}

func (e *examination) verdict() error {
	if e.closed != 0 {
		return verdict{e.closed}
	}
	for _, c := range e.Checks {
		if c.State == broken {
			return verdict{exitFindings}
		}
	}
	return nil
}

func (e *examination) draw(p *screen.Page) {
	p.Title(screen.Clean(e.Bucket))
	bad := 0
	for i, c := range e.Checks {
		line := "%-19s  %s"
		switch c.State {
		case well:
			p.Good(line, c.Name, screen.Clean(c.Found))
		case minded:
			p.Mind(line, c.Name, screen.Clean(c.Found))
		case broken:
			bad++
			p.Bad(line, c.Name, screen.Clean(c.Found))
		default:
			p.Line("%s", p.Dim("- "+screen.Clean(c.Name+": "+c.Found)))
		}
		// What mends several at once is said once, below the last.
		if c.Todo != "" && (i+1 == len(e.Checks) || e.Checks[i+1].Todo != c.Todo) {
			p.Line("    → %s", c.Todo)
		}
	}
	p.Gap()
	if e.Leaves != "" {
		p.Line("%s", p.Dim("left in the bucket: "+e.Leaves))
	}
	switch {
	case bad > 0:
		p.Bad("%d to fix, from the top; then run `exportctl doctor` again", bad)
	default:
		p.Good("nothing is broken")
	}
}

// enforcement says of a promise how far it holds.
func enforcement(e worm.Enforcement) health {
	switch e {
	case worm.Enforced:
		return well
	case worm.Recorded:
		return minded
	}
	return broken
}
