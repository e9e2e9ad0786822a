package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// examineKeys has the key sign, and sees whether that is trusted.
func (t *tool) examineKeys(ctx context.Context, e *examination) {
	if t.shared.key == "" {
		e.say("signing key", minded, "none is given: nothing can be exported from here", fmt.Sprintf("To export, give --key or set %s; `exportctl keys create` makes one.", variable("key")))
	} else if k, err := t.checkKey(ctx); err != nil {
		e.fail("signing key", err)
	} else if readableByAll(t.shared.key) {
		e.say("signing key", minded, "it signs, and is trusted, and anybody on this machine may read "+t.shared.key, "Let its owner alone read it: chmod 600. Whoever has read it can sign what was never decided.")
	} else {
		e.say("signing key", well, fmt.Sprintf("it signs in %.0f ms, and is trusted: %s", k.Milliseconds, k.SignedBy), "")
	}
	key, err := t.checkpointKey()
	switch {
	case err != nil:
		e.fail("log key", err)
	case key == nil:
		e.say("log key", minded, "none is given: no checkpoints, and no proofs for witnesses", fmt.Sprintf("Give --log-key or set %s; `exportctl keys create` makes one.", variable("log-key")))
	case key.CanSign():
		e.say("log key", well, "it signs checkpoints of "+originOf(key), "")
	default:
		e.say("log key", well, "it verifies checkpoints of "+originOf(key), "")
	}
}

// readableByAll reports whether a key is a file that anybody may read.
func readableByAll(key string) bool {
	info, err := os.Stat(key)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// examinePolicy reads the policy, and sees whether the bucket keeps what it asks for and
// the operator may export. The bucket is nil if it cannot be reached.
func (t *tool) examinePolicy(e *examination, bucket *worm.Store) {
	p, err := t.loadPolicy()
	if err != nil {
		e.fail("policy", err)
		return
	}
	name := t.shared.policy
	if name == "" {
		name = "the built-in one"
	}
	want := p.Matrix().Strongest(time.Now())
	switch {
	case bucket == nil:
		e.say("policy", well, name, "")
	case !keeps(bucket.Capabilities(), want) && !t.shared.unlocked:
		e.say("policy", broken, fmt.Sprintf("%s asks for locks up to %s, and the bucket cannot keep them", name, want),
			"Enable locks on the bucket, as above. Only to try things out: --unsafe-without-locks.")
	case !keeps(bucket.Capabilities(), want):
		e.say("policy", minded, name+" asks for locks that the bucket cannot keep, and --unsafe-without-locks lets that pass", "Do not call what is exported there evidence.")
	default:
		e.say("policy", well, name+": the bucket keeps what it asks for", "")
	}
	t.examineOperator(e, p)
}

func keeps(caps worm.Capabilities, want retention.Lock) bool {
	return (want.Mode == retention.None || caps.Retention != worm.Absent) && (!want.LegalHold || caps.LegalHold != worm.Absent)
}

func (t *tool) examineOperator(e *examination, p *policy.Policy) {
	if t.shared.operator == "" {
		e.say("operator", minded, "none is given: nothing can be exported from here", fmt.Sprintf("To export, give --operator ROLE/NAME or set %s.", variable("operator")))
		return
	}
	if err := p.Allows(policy.Export, t.shared.operator); err != nil {
		e.fail("operator", err)
		return
	}
	e.say("operator", well, t.shared.operator+" may export", "")
}

// examineSpool looks at the spool without making one.
func (t *tool) examineSpool(ctx context.Context, e *examination) {
	dir := t.shared.spool
	if dir == "" {
		e.say("spool", minded, "none is given: while the bucket or the key is down, exports fail", fmt.Sprintf("Give --spool DIR or set %s, on a disk that outlives the process.", variable("spool")))
		return
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		e.say("spool", well, dir+" is made when it is first needed", "")
		return
	}
	s, err := spool.Open(dir, spool.Limits{})
	if err != nil {
		e.fail("spool", err)
		return
	}
	defer s.Close()
	waiting, err := s.Entries(ctx)
	switch {
	case err != nil:
		e.fail("spool", err)
	case len(waiting) > 0:
		e.say("spool", minded, fmt.Sprintf("%s waiting in %s, the oldest decided at %s", screen.Count(len(waiting), "packet"), dir, moment(waiting[0].PromotionDecisionAtUTC)),
			"Run `exportctl flush` when the bucket and the key can be reached.")
	default:
		e.say("spool", well, dir+" is safe, and nothing waits", "")
	}
}
