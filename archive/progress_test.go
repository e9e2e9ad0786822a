package archive_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Whoever watches a verification is told of each stage, in order.
func TestVerifyTellsHowFarItHasCome(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	scene(t, a)
	var told []archive.Progress
	if _, err := a.Verify(t.Context(), archive.WithProgress(func(p archive.Progress) { told = append(told, p) })); err != nil {
		t.Fatal(err)
	}
	var stages []archive.Stage
	for _, p := range told {
		if p.Of > 0 && p.Done > p.Of {
			t.Errorf("%d of %d %s", p.Done, p.Of, p.Stage)
		}
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
	}
	if got, want := fmt.Sprint(stages), "[manifests log exports]"; got != want {
		t.Errorf("told of %s, want %s", got, want)
	}
}
