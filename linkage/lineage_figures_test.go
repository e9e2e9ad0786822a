package linkage_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/linkage"
)

// A story that asks for it has the figures of its own lane and cycle beside those of all,
// in every form; the same as are counted by themselves.
func TestLineageWithFigures(t *testing.T) {
	l := counted(t)
	f := l.Figures
	if f == nil || len(f.Groups) != 1 || f.Groups[0].Lane != "=guild|1" || f.Groups[0].ReleaseCycleID != "rc-1" || f.Groups[0].LinkRows != 3 || f.All.Promoted != 7 {
		t.Fatalf("%+v", f)
	}
	var b bytes.Buffer
	if err := l.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back linkage.Lineage
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Figures.Groups[0].Recover.Longest != 90*time.Minute || !back.Figures.FromUTC.Equal(at("2026-07-01T00:00:00Z")) {
		t.Errorf("%v: %s", err, b.String())
	}
	page := string(html(t, l))
	for _, want := range []string{
		"<bdi>=guild|1</bdi></th><td><bdi>rc-1</bdi></td><td>66.7%, 2 of 3</td><td>1 h 30 min (1 known); 1 without a rollback</td><td>3 export rows, 3 link rows</td>",
		"Every lane and cycle</th><td>57.1%, 4 of 7</td>", "from 2026-07-01T00:00:00Z on.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if m := mermaid(t, l); !strings.Contains(m, "section Figures\n        =guild#124;1, rc-1 : change failure rate 66.7#37;, 2 of 3") {
		t.Error(m)
	}
}

// A story that does not ask has none; nor has one whose packets do not verify any but all.
func TestLineageWithoutFigures(t *testing.T) {
	now := at("2026-08-01T12:00:00Z")
	a, b := season(t, &now)
	story := linkage.Story{PromotionPacketID: "e1"}
	if l, err := linkage.New(a).Lineage(t.Context(), story); err != nil || l.Figures != nil || strings.Contains(string(html(t, l)), "Change failure rate") {
		t.Errorf("%+v, %v", l.Figures, err)
	}
	spoilPacket(t, b, "e1")
	story.Figures = &linkage.Scope{}
	if l, err := linkage.New(a).Lineage(t.Context(), story); err != nil || len(l.Figures.Groups) != 0 || l.Figures.Unverified != 1 || !strings.Contains(string(html(t, l)), "Packets that do not verify are in no lane: 1.") {
		t.Errorf("%+v, %v", l.Figures, err)
	}
}
