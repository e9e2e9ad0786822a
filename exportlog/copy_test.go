package exportlog_test

import (
	"context"
	"errors"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func nothing(context.Context, []exportlog.Row) error { return nil }

func TestFollow(t *testing.T) {
	primary, second := memworm.New(), memworm.New()
	l := open(t, primary)
	grow(t, primary, 600)
	copied := open(t, second)
	refused := errors.New("refused")
	if _, err := copied.Follow(t.Context(), l, func(_ context.Context, rows []exportlog.Row) error {
		if rows[0].ExportRowID > 300 {
			return refused
		}
		return nil
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	done, err := copied.Follow(t.Context(), l, nothing)
	if err != nil {
		t.Fatal(err)
	}
	head, err := l.Head(t.Context())
	if err != nil || done.Head != head || done.Rows == 0 {
		t.Errorf("the copy came to %+v, the log to %+v, %v", done, head, err)
	}
	for _, b := range []*memworm.Bucket{primary, second} {
		if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
			t.Error(err)
		}
	}
	again, err := copied.Follow(t.Context(), l, nothing)
	if err != nil || again.Commits != 0 {
		t.Errorf("in step: %+v, %v", again, err)
	}
}

// A log that is not the continuation of the copy is not followed.
func TestFollowHoldsTheOtherToTheCopy(t *testing.T) {
	for name, c := range map[string]struct {
		rows int
		kind exportlog.FindingKind
	}{"shorter": {2, exportlog.Truncated}, "another": {5, exportlog.Forked}} {
		t.Run(name, func(t *testing.T) {
			copied, l := open(t, memworm.New()), open(t, memworm.New())
			fill(t, copied, 4)
			fill(t, l, c.rows) // with nonces of its own
			_, err := copied.Follow(t.Context(), l, nothing)
			var damaged *exportlog.DamagedError
			if !errors.As(err, &damaged) || damaged.Findings[0].Kind != c.kind {
				t.Errorf("%v", err)
			}
		})
	}
}
