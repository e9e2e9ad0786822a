package wormtest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Role is somebody who uses a bucket, and all that they do with it. What they need
// permission for follows from the requests that it comes to.
type Role struct {
	Name string // as its policy document is called
	Do   func(t testing.TB, s *worm.Store)
}

// Roles returns the roles there are. Each works on a bucket that [Furnish] has
// put something into.
func Roles() []Role {
	return []Role{
		{"exporter", exporter},
		{"reader", reader},
		{"hold-officer", holdOfficer},
		{"auditor", auditor},
		{"replicator", replicator},
	}
}

var furnished = map[string]retention.Lock{
	"governed": {Mode: retention.Governance, Until: until},
	"held":     {Mode: retention.Governance, Until: until, LegalHold: true},
}

// Furnish puts into a bucket what roles find there.
func Furnish(t testing.TB, s *worm.Store) {
	t.Helper()
	for key, lock := range furnished {
		mustPut(t, s, key, key, lock)
	}
}

func mustPut(t testing.TB, s *worm.Store, key, body string, lock retention.Lock) worm.Ref {
	t.Helper()
	stored, err := s.Put(t.Context(), key, strings.NewReader(body), specOf(body, lock))
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	return stored.Ref
}

// exporter stores, small and large, held and not; finds what is there already and
// strengthens its lock; lists what an earlier try left; and reads the log to its
// end.
func exporter(t testing.TB, s *worm.Store) {
	lock := retention.Lock{Mode: retention.Governance, Until: until, LegalHold: true}
	mustPut(t, s, "small", "small", lock)
	mustPut(t, s, "large", strings.Repeat("holdfast", 2<<20), lock)
	mustPut(t, s, "governed", "governed", retention.Lock{Mode: retention.Governance, Until: later(1), LegalHold: true})
	reader(t, s)
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
	}
	broken := io.MultiReader(strings.NewReader("some"), failing{})
	if _, err := s.Put(t.Context(), "broken", broken, worm.Spec{Size: 16 << 20, SHA256: worm.Sum(nil), Lock: lock}); !errors.Is(err, errBroken) {
		t.Errorf("a broken body: %v", err)
	}
}

// reader reads versions by their pins, looks at locks, and reads the log to its end:
// what is absent there, and whether it is only hidden.
func reader(t testing.TB, s *worm.Store) {
	o, err := s.State(t.Context(), worm.Ref{Key: "governed"})
	if err != nil {
		t.Fatal(err)
	}
	if o, err = s.State(t.Context(), o.Ref); err != nil || o.Lock.Until.IsZero() {
		t.Errorf("state %+v, %v", o, err)
	}
	if _, err := s.Read(t.Context(), o.Ref, 100); err != nil {
		t.Error(err)
	}
	if _, err := s.Read(t.Context(), worm.Ref{Key: "absent"}, 100); !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("read what is absent: %v", err)
	}
	for e, err := range s.ListHidden(t.Context(), "absent") {
		t.Errorf("%s is hidden, %v", e.Ref, err)
	}
}

// auditor reads, and lists, what is hidden too.
func auditor(t testing.TB, s *worm.Store) {
	reader(t, s)
	var keys []string
	for e, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Ref.Key)
	}
	if !slices.Contains(keys, "governed") {
		t.Errorf("listed %v", keys)
	}
	for e, err := range s.ListHidden(t.Context(), "") {
		t.Errorf("%s is hidden, %v", e.Ref, err)
	}
}

// replicator keeps a copy: it creates as an exporter does, and brings holds and
// extensions to what it created before as a hold officer does. It lists to compare.
func replicator(t testing.TB, s *worm.Store) {
	exporter(t, s)
	holdOfficer(t, s)
}

// holdOfficer sets and releases holds, makes retention longer and stricter, and
// writes into the log that it did.
func holdOfficer(t testing.TB, s *worm.Store) {
	reader(t, s)
	mustPut(t, s, "log/row", "row", retention.Lock{Mode: retention.Governance, Until: until})
	for key, on := range map[string]bool{"governed": true, "held": false} {
		if err := s.SetLegalHold(t.Context(), worm.Ref{Key: key}, on); err != nil {
			t.Error(err)
		}
	}
	for _, mode := range []retention.Mode{retention.Governance, retention.Compliance} {
		if err := s.Extend(t.Context(), worm.Ref{Key: "governed"}, retention.Lock{Mode: mode, Until: later(2)}); err != nil {
			t.Error(err)
		}
	}
}
