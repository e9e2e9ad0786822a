package linkage

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// WriteMermaid writes the lineage as a Mermaid timeline, a section for each day, for
// tickets and wikis that draw such. Every character of an id or a summary that Mermaid
// could take for its own is written as an entity, so no text ends a line, opens a
// comment or a directive, or becomes markup.
func (l Lineage) WriteMermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "timeline\n    title %s\n", entities("Lineage of "+l.Of+" "+l.ID))
	today := ""
	for _, m := range l.Moments {
		if d := day(m.AtUTC); d != today {
			today = d
			fmt.Fprintf(out, "    section %s\n", entities(d))
		}
		fmt.Fprintf(out, "        %s : %s\n", entities(m.AtUTC.UTC().Format("15:04:05")), entities(m.headline()))
	}
	for i, g := range l.Gaps {
		if i == 0 {
			fmt.Fprintf(out, "    section Gaps\n")
		}
		fmt.Fprintf(out, "        %s : %s\n", entities(g.Kind.words()), entities(g.Text))
	}
	if l.Figures != nil {
		fmt.Fprintf(out, "    section Figures\n")
		for _, g := range l.Figures.Groups {
			fmt.Fprintf(out, "        %s : %s\n", entities(orNone(g.Lane)+", "+orNone(g.ReleaseCycleID)), entities(g.headline()))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("linkage: write Mermaid: %w", err)
	}
	return nil
}

// headline is a moment in one line.
func (m Moment) headline() string {
	parts := []string{m.Title}
	if m.Severity != "" {
		parts = append(parts, m.Severity)
	}
	if m.PromotionPacketID != "" {
		parts = append(parts, m.PromotionPacketID)
	}
	return strings.Join(parts, ", ")
}

// headline is a figure in one line.
func (f Figure) headline() string {
	return fmt.Sprintf("change failure rate %s, %d of %d; time to recover: %s; rests on %s", f.Rate(), f.Failed, f.Promoted, f.Recover, f.RestsOn())
}

// words is the kind without underscores.
func (k GapKind) words() string { return strings.ReplaceAll(string(k), "_", " ") }

// entities writes text with all but letters, digits and a few harmless characters as
// Mermaid's entities, which are like HTML's with # for &#.
func entities(s string) string {
	var b strings.Builder
	for _, r := range visible(s) {
		if unicode.In(r, unicode.L, unicode.N, unicode.M) || strings.ContainsRune(" -_.,/+=()", r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "#%d;", r)
	}
	return b.String()
}
