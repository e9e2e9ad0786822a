package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// severed are the findings of a log that was cut off: many that say the same, and few that
// say why.
func severed() []finding {
	var all []finding
	for i := range 40 {
		all = append(all, finding{Kind: "inserted", Object: fmt.Sprintf("log/by/row/%d/000000000077.json", i), Problem: "an index entry of no row"})
	}
	const object = "packets/pp-20260804-ギルド-0003/6949/packet.csv"
	return append(all,
		finding{Kind: "missing", Object: object, ExportRowID: 2, Problem: "get " + object + ": no such object"},
		finding{Kind: "missing", Object: object, ExportRowID: 2, Problem: "state of " + object + ": no such object"},
		finding{Kind: "truncated", Object: "log/checkpoints/000/000/000/123", ExportRowID: 77, Problem: "its end was cut off"})
}

func drawSevered(p *screen.Page) {
	drawFindings(p, severed())
	p.Bad("%s", sumOf(severed()))
}

// In a pipe every object is named, once, on a line of its own; what is said of many is said
// once.
func TestFindingsInAPipe(t *testing.T) {
	var out, errs bytes.Buffer
	if err := screen.New(&out, &errs).Show(nil, drawSevered); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, f := range severed() {
		if strings.Count(page, "\n  "+f.Object+"\n") != 1 {
			t.Errorf("%s does not stand on one line of its own", f.Object)
		}
	}
	if n := strings.Count(page, "an index entry of no row"); n != 1 {
		t.Errorf("the same is said %d times", n)
	}
	for _, says := range []string{"✗ missing  row 2\n", "\n  get it: no such object\n  state of it: no such object\n", "✗ truncated  row 77\n", "✗ 43 findings: 40 inserted, 2 missing, 1 truncated\n"} {
		if !strings.Contains(page, says) {
			t.Errorf("there is no %q:\n%s", says, page)
		}
	}
}
