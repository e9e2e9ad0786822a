package archive

import "time"

// Progress is how far a long check has come.
type Progress struct {
	Stage Stage
	Done  int64 // of what the stage counts
	Of    int64 // in all; 0 where that is not known yet
}

// Stage is what a check is at.
type Stage string

// The stages of [Archive.Verify], in their order.
const (
	StageManifests Stage = "manifests" // reading every manifest, and its signature
	StageLog       Stage = "log"       // reading the log; commits are counted
	StageExports   Stage = "exports"   // confirming each export; Of is how many there are at most, see Range.Progress
)

// The stages of a [Replica]: of Replicate, and of Compare.
const (
	StageCopying   Stage = "copying"   // rows are counted, of those that are new
	StageComparing Stage = "comparing" // objects are counted; how many there are is not known
)

// A VerifyOption changes how [Archive.Verify] goes about it, and never what it checks.
type VerifyOption func(*verification)

// WithProgress tells how far it has come: about once a second, and at the beginning of
// each stage. It is called by one goroutine at a time, and should return soon.
func WithProgress(tell func(Progress)) VerifyOption {
	return func(v *verification) { v.tell = &teller{to: tell} }
}

// progressTo is a teller for somebody; nil tells nobody.
func progressTo(tell func(Progress)) *teller {
	if tell == nil {
		return nil
	}
	return &teller{to: tell}
}

// teller tells somebody of progress, and not too often. Nil tells nobody.
type teller struct {
	to   func(Progress)
	last Progress
	told time.Time
}

func (t *teller) tell(p Progress) {
	if t == nil || p.Stage == t.last.Stage && time.Since(t.told) < progressPeriod {
		return
	}
	t.last, t.told = p, time.Now()
	t.to(p)
}
