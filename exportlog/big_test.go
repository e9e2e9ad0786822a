package exportlog_test

import (
	"testing"
	"testing/synctest"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// A log of more than 65,536 rows: opening, finding and appending cost what they
// cost in a small one, and reading all of it takes few requests.
func TestLargeLog(t *testing.T) {
	if testing.Short() {
		t.Skip("a log of 70,000 rows")
	}
	const rows, big = 70_000, "log/blocks/65536/000/000/000/000.jsonl"
	b := memworm.New()
	grow(t, b, rows)
	synctest.Test(t, func(t *testing.T) { costAt(t, b, rows) }) // appends two rows

	for _, harm := range []string{"none", "half-written", "edited", "missing"} {
		t.Run("big block "+harm, func(t *testing.T) {
			body := bodyOfAny(t, b, big)
			defer func() { b.Overwrite(big, body) }()
			switch harm {
			case "half-written":
				harmed(t, b, big, body[:len(body)/2])
			case "edited":
				edited := append([]byte(nil), body...)
				edited[len(body)/2] ^= 1
				harmed(t, b, big, edited)
			case "missing":
				if err := b.Drop(big); err != nil {
					t.Fatal(err)
				}
			}
			m := &wormtest.Metered{Driver: b}
			l := open(t, m)
			all := allRows(t, l)
			wholeAndGapless(t, all)
			if len(all) != rows+2 {
				t.Errorf("%d rows, want %d", len(all), rows+2)
			}
			t.Logf("all rows: %s", m.Requests())
			if most := 300; harm == "none" && m.Requests().Sum() > most {
				t.Errorf("reading all rows took %s", m.Requests())
			}
		})
	}
}

func harmed(t *testing.T, b *memworm.Bucket, key string, body []byte) {
	t.Helper()
	if err := b.Tamper(key, body); err != nil {
		t.Fatal(err)
	}
}

func bodyOfAny(t *testing.T, b *memworm.Bucket, key string) []byte {
	t.Helper()
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	body, err := store.Read(t.Context(), worm.Ref{Key: key}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
