package wormtest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// anyMode and anyUntil are a lock this bucket can keep.
func (s *suite) anyMode() retention.Mode {
	if s.store.Capabilities().Retention == worm.Absent {
		return retention.None
	}
	return retention.Governance
}

func (s *suite) anyUntil() time.Time {
	if s.store.Capabilities().Retention == worm.Absent {
		return time.Time{}
	}
	return until
}

// needsRetention skips a part on buckets without it.
func (s *suite) needsRetention() {
	if s.store.Capabilities().Retention == worm.Absent {
		s.Skip("the bucket has no retention")
	}
}

func (s *suite) needsHold() {
	if s.store.Capabilities().LegalHold == worm.Absent {
		s.Skip("the bucket has no legal hold")
	}
}

func (s *suite) wantLock(ref worm.Ref, want retention.Lock) {
	s.Helper()
	s.checks.Add(1)
	o, err := s.store.State(s.Context(), ref)
	if err != nil || !o.Lock.Covers(want) || !want.Covers(o.Lock) {
		s.Errorf("%s is under %s (%v), want %s", ref, o.Lock, err, want)
	}
}

func locks(s *suite) {
	lock := retention.Lock{Mode: retention.Compliance, Until: until}
	if s.store.Capabilities().Retention == worm.Absent {
		_, err := s.put("k", "body", lock)
		s.wantError("a lock on a bucket without", err, worm.ErrUnsupported)
		s.wantAbsent("k")
		return
	}
	s.wantLock(s.mustPut("unlocked", "body", retention.Lock{}), retention.Lock{})
	s.wantLock(s.mustPut("locked", "body", lock), lock)
	if stored, err := s.put("told", "body", lock); err != nil || stored.Observed && !s.store.Capabilities().TellsLocks {
		s.Errorf("the answer to a write told %s (%v), and the capabilities say that none does", stored.Lock, err)
	}
	for name, bad := range map[string]retention.Lock{
		"date without mode": {Until: until},
		"mode without date": {Mode: retention.Governance},
		"unknown mode":      {Mode: "forever", Until: until},
		"another zone":      {Mode: retention.Governance, Until: until.In(time.FixedZone("", 3600))},
	} {
		if _, err := s.put("bad", "body", bad); err == nil {
			s.Errorf("%s: the lock was taken", name)
		}
	}
	s.wantAbsent("bad")
}

func locksOnlyGrow(s *suite) {
	s.needsRetention()
	at := func(mode retention.Mode, minutes int) retention.Lock {
		return retention.Lock{Mode: mode, Until: later(minutes)}
	}
	ref := s.mustPut("k", "body", at(retention.Governance, 0))
	for _, step := range []struct {
		to    retention.Lock
		weak  bool
		after retention.Lock
	}{
		{at(retention.Governance, 0), false, at(retention.Governance, 0)},
		{at(retention.Governance, -1), true, at(retention.Governance, 0)},
		{at(retention.Governance, 1), false, at(retention.Governance, 1)},
		{at(retention.Compliance, 0), true, at(retention.Governance, 1)}, // stricter, but shorter
		{at(retention.Compliance, 1), false, at(retention.Compliance, 1)},
		{at(retention.Governance, 2), true, at(retention.Compliance, 1)}, // longer, but weaker
		{at(retention.Compliance, 2), false, at(retention.Compliance, 2)},
		{retention.Lock{}, true, at(retention.Compliance, 2)},
	} {
		err := s.store.Extend(s.Context(), ref, step.to)
		if step.weak {
			s.wantError("extend to "+step.to.String(), err, worm.ErrWouldWeaken)
		} else if err != nil {
			s.Errorf("extend to %s: %v", step.to, err)
		}
		s.wantLock(ref, step.after)
	}
	s.wantError("extend what is absent", s.store.Extend(s.Context(), worm.Ref{Key: "absent"}, at(retention.Governance, 0)), worm.ErrNotFound)
	s.wantBody(s.store, ref, "body")
}

func legalHold(s *suite) {
	s.needsRetention()
	s.needsHold()
	lock := retention.Lock{Mode: retention.Governance, Until: until}
	held := retention.Lock{Mode: retention.Governance, Until: until, LegalHold: true}
	ref := s.mustPut("k", "body", lock)
	for _, step := range []struct {
		on   bool
		want retention.Lock
	}{{true, held}, {true, held}, {false, lock}, {false, lock}, {true, held}} {
		if err := s.store.SetLegalHold(s.Context(), ref, step.on); err != nil {
			s.Errorf("set hold to %t: %v", step.on, err)
		}
		s.wantLock(ref, step.want)
	}
	longer := retention.Lock{Mode: retention.Compliance, Until: later(1), LegalHold: true}
	if err := s.store.Extend(s.Context(), ref, retention.Lock{Mode: longer.Mode, Until: longer.Until}); err != nil {
		s.Errorf("extend under hold: %v", err)
	}
	s.wantLock(ref, longer)
	s.wantLock(s.mustPut("hold-alone", "body", retention.Lock{LegalHold: true}), retention.Lock{LegalHold: true})
	s.wantError("hold what is absent", s.store.SetLegalHold(s.Context(), worm.Ref{Key: "absent"}, true), worm.ErrNotFound)
}

func strengthening(s *suite) {
	s.needsRetention()
	short := retention.Lock{Mode: retention.Governance, Until: until}
	long := retention.Lock{Mode: retention.Governance, Until: later(1)}
	ref := s.mustPut("k", "body", short)
	s.mustPut("k", "body", long)
	s.wantLock(ref, long)
	s.mustPut("k", "body", short)
	s.wantLock(ref, long)
	s.mustPut("k", "body", retention.Lock{})
	s.wantLock(ref, long)
	s.mustPut("k", "body", retention.Lock{Mode: retention.Compliance, Until: until})
	s.wantLock(ref, retention.Lock{Mode: retention.Compliance, Until: long.Until})
	if s.store.Capabilities().LegalHold == worm.Absent {
		return
	}
	s.mustPut("k", "body", retention.Lock{LegalHold: true})
	s.mustPut("k", "body", short)
	s.wantLock(ref, retention.Lock{Mode: retention.Compliance, Until: long.Until, LegalHold: true})
}

// writersRace has many writers at each of a few keys. One creates; those with
// the same bytes succeed with it, the others are told of it.
func writersRace(s *suite) {
	const writers, races = 16, 8
	lock := retention.Lock{Mode: s.anyMode(), Until: s.anyUntil()}
	for race := range races {
		key := fmt.Sprintf("race/%d", race)
		var wg sync.WaitGroup
		results := make([]error, writers)
		created := make([]bool, writers)
		for w := range writers {
			wg.Go(func() {
				body := fmt.Sprintf("body %d", w/2) // two of a kind
				stored, err := s.store.Put(s.Context(), key, strings.NewReader(body), specOf(body, lock))
				results[w], created[w] = err, stored.Created
			})
		}
		wg.Wait()
		s.wantOneWinner(key, results, created, lock)
	}
}

func (s *suite) wantOneWinner(key string, results []error, created []bool, lock retention.Lock) {
	s.Helper()
	s.checks.Add(1)
	kept, err := s.store.Read(s.Context(), worm.Ref{Key: key}, 100)
	if err != nil {
		s.Errorf("%s: after the race: %v", key, err)
		return
	}
	winners := 0
	for w, err := range results {
		mine := fmt.Sprintf("body %d", w/2) == string(kept)
		if created[w] {
			winners++
		}
		if mine && err != nil {
			s.Errorf("%s: a writer of the bytes that were kept: %v", key, err)
		}
		if !mine {
			s.wantError(key+": a writer of other bytes", err, worm.ErrExists)
		}
	}
	if winners != 1 {
		s.Errorf("%s: %d writers created it", key, winners)
	}
	s.wantLock(worm.Ref{Key: key}, lock)
}

// locksRace extends one lock from many sides: it ends as the strongest.
func locksRace(s *suite) {
	s.needsRetention()
	ref := s.mustPut("k", "body", retention.Lock{Mode: retention.Governance, Until: until})
	var wg sync.WaitGroup
	for minutes := range 12 {
		wg.Go(func() {
			err := s.store.Extend(s.Context(), ref, retention.Lock{Mode: retention.Governance, Until: later(minutes)})
			if err != nil {
				s.wantError("extend in a race", err, worm.ErrWouldWeaken)
			}
		})
	}
	wg.Wait()
	s.wantLock(ref, retention.Lock{Mode: retention.Governance, Until: later(11)})
}
