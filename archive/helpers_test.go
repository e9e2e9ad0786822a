package archive_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// newSigner makes a key that lives as long as the test.
func newSigner(t testing.TB) *manifest.Signer {
	t.Helper()
	s, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// config exports every decision, so that tests choose by packet.
func config(t testing.TB) archive.Config {
	return archive.Config{
		Policy: archive.Policy{
			Decisions: map[string]archive.Admission{"promote": archive.Accept, "hold": archive.Accept, "cancelled": archive.Accept},
		},
		Signer:   newSigner(t),
		Operator: "release-ops/test",
		Clock:    func() time.Time { return noon },
	}
}

// inMemory opens an archive over a bucket in memory.
func inMemory(t testing.TB, b worm.Driver, cfg archive.Config) *archive.Archive {
	t.Helper()
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func packet(t testing.TB, id string) archive.Packet {
	t.Helper()
	return parse(t, fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`, id))
}

func parse(t testing.TB, document string) archive.Packet {
	t.Helper()
	p, err := archive.ParseJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rows(t testing.TB, a *archive.Archive) []exportlog.Row {
	t.Helper()
	var all []exportlog.Row
	for r, err := range a.Log().Rows(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// keys lists every object in a bucket.
func keys(t testing.TB, b *memworm.Bucket) []string {
	t.Helper()
	var all []string
	for e, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Ref.Key)
	}
	return all
}
