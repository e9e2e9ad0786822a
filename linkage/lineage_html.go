package linkage

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// WriteHTML writes the lineage as one page for people to look at together: what
// happened as a timeline, the gaps, what was believed beside what was observed, and all
// of it once more as a table. The page needs no network and no script, and its content
// security policy forbids both; it prints, follows the reader's choice of light or
// dark, and says in text whatever it says in colour or place. Characters that cannot be
// seen are spelled out, such as ⟨U+202E⟩.
func (l Lineage) WriteHTML(w io.Writer) error {
	out := bufio.NewWriter(w)
	if err := pageTemplate.Execute(out, newPage(l)); err != nil {
		return fmt.Errorf("linkage: write HTML: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("linkage: write HTML: %w", err)
	}
	return nil
}

//go:embed lineage.html
var pageSource string

//go:embed lineage.css
var pageStyle string

var pageTemplate = template.Must(template.New("lineage").Funcs(template.FuncMap{
	"visible": visible, "lines": visibleLines, "instant": instant, "day": day, "size": size,
	"clock": func(t time.Time) string { return t.UTC().Format("15:04") },
	"names": func(field string) string { return visible(strings.ReplaceAll(field, "_", " ")) },
	"hue":   hue, "stated": orNone,
}).Parse(pageSource))

// page is what the template shows.
type page struct {
	Lineage
	Style   template.CSS
	Policy  string // content security policy
	Glance  []glance
	Missing []pageGaps
	Days    []pageDay
	Packets bool // several, so that each moment says which
}

// glance is one step of the story's outline.
type glance struct {
	Kind, Label string
	AtUTC       time.Time
	After       string // the step before
}

// pageGaps are the gaps of one kind.
type pageGaps struct {
	Kind GapKind
	Gaps []Gap
}

type pageDay struct {
	Date    string
	Moments []pageMoment
}

type pageMoment struct {
	Moment
	Lane  string // believed, observed or recorded
	After string // the moment before
}

func newPage(l Lineage) page {
	sum := sha256.Sum256([]byte(pageStyle))
	p := page{
		Lineage: l,
		Style:   template.CSS(pageStyle), // our own file
		Policy:  "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Glance:  l.glance(),
	}
	for _, g := range l.Gaps {
		i := slices.IndexFunc(p.Missing, func(of pageGaps) bool { return of.Kind == g.Kind })
		if i < 0 {
			i, p.Missing = len(p.Missing), append(p.Missing, pageGaps{Kind: g.Kind})
		}
		p.Missing[i].Gaps = append(p.Missing[i].Gaps, g)
	}
	var before time.Time
	for _, m := range l.Moments {
		pm := pageMoment{Moment: m, Lane: m.lane()}
		if !before.IsZero() && m.AtUTC.Sub(before) >= time.Minute {
			pm.After = span(m.AtUTC.Sub(before))
		}
		before = m.AtUTC
		if d := day(m.AtUTC); len(p.Days) == 0 || p.Days[len(p.Days)-1].Date != d {
			p.Days = append(p.Days, pageDay{Date: d})
		}
		today := &p.Days[len(p.Days)-1]
		today.Moments = append(today.Moments, pm)
		p.Packets = p.Packets || m.PromotionPacketID != l.Moments[0].PromotionPacketID
	}
	return p
}

// lane is the column a moment stands in.
func (m Moment) lane() string {
	switch {
	case m.Source == "events":
		return "observed"
	case m.Kind == kindDecision || m.Kind == string(exportlog.KindExport):
		return "believed"
	}
	return "recorded"
}

// glance is the first of each thing that happened, in time order.
func (l Lineage) glance() []glance {
	labels := map[string]string{
		kindDecision: "Decided", string(exportlog.KindExport): "Exported", EventDeploy: "Deployed", EventIncident: "Went wrong",
		EventRollback: "Rolled back", EventResolved: "Resolved", string(exportlog.KindLink): "Bound",
	}
	var all []glance
	for _, m := range l.Moments {
		label := labels[m.Kind]
		if label == "" || slices.ContainsFunc(all, func(g glance) bool { return g.Kind == m.Kind }) {
			continue
		}
		g := glance{Kind: m.Kind, Label: label, AtUTC: m.AtUTC}
		if len(all) > 0 {
			g.After = span(m.AtUTC.Sub(all[len(all)-1].AtUTC))
		}
		all = append(all, g)
	}
	return all
}

// hue is the class that colours a kind of moment or a state; only those that we know
// have one.
func hue(of string) string {
	if !slices.Contains([]string{kindDecision, "export", "link", EventDeploy, EventIncident, EventResolved, EventRollback, "green", "yellow", "red"}, of) {
		return "k-other"
	}
	return "k-" + of
}

// size is a number of bytes as people say it.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
