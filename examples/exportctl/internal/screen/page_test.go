package screen

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// A long id: the key of an object, as findings name it.
const key = "packets/pp-20260811-PAYMENTS-0027/16cc20ea99872f9001a9a0950db2c6c0de31afccd958d155b764596a37287cab/packet.csv"

// hostile are texts that a terminal would obey, or that nobody can see.
var hostile = []string{"a\x1b[31mred", "two\nlines", "back\rward", "\u202egnp.exe", "zero\u200bwidth", "\x9b2J", "bell\a", "tab\there", "bad\xff"}

// drawnAt draws a page without colour on a terminal of a width; 0 is none.
func drawnAt(width int, draw func(*Page)) string {
	text.DisableColors()
	p := &Page{width: width}
	draw(p)
	return p.b.String()
}

func list(p *Page) {
	p.Table([]string{"row", "promotion_packet_id", "decided", "held for", "problem"}, [][]any{
		{23, "pp-20260811-PAYMENTS-0027", "2026-08-11T06:23:00Z", "", "incident INC-2888 is bound to no export, and nobody has said why that is so"},
		{51, "pp-20260804-ギルド-0003", "2026-08-04T10:22:00Z", "", "late"},
	})
}

// No line is wider than the terminal, unless a single id is; and every id is whole.
func TestPagesFitTheTerminal(t *testing.T) {
	for width := 40; width <= 200; width++ {
		page := drawnAt(width, func(p *Page) {
			list(p)
			p.Bad("it holds other bytes than the manifest says, which was signed by %s", "release-ops/pipeline-42")
			p.Fields(Field{"because", strings.Repeat("an executive took the risk; ", 6)}, Field{"empty", ""}, Field{"archive_uri", key})
			p.Table([]string{"kind", "object"}, [][]any{{"changed", key}})
		})
		for line := range strings.Lines(page) {
			line = strings.TrimRight(line, "\n")
			if columns(line) > width && (len(strings.Fields(line)) > 2 || strings.Contains(line, "─")) {
				t.Errorf("at %d columns a line has %d: %q", width, columns(line), line)
			}
		}
		for _, id := range []string{"pp-20260811-PAYMENTS-0027", "pp-20260804-ギルド-0003", "2026-08-11T06:23:00Z", key} {
			if !strings.Contains(page, id) {
				t.Errorf("at %d columns %s is broken:\n%s", width, id, page)
			}
		}
		if strings.Contains(page, "held for") || strings.Contains(page, "empty") {
			t.Errorf("at %d columns something empty is shown:\n%s", width, page)
		}
	}
}

// Where there is no terminal, a row is a line, and its columns stand below each other.
func TestTablesInAPipe(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(drawnAt(0, list)), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines for a header and two rows:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	at := columns(lines[0][:strings.Index(lines[0], "decided")])
	for _, line := range lines[2:] {
		if got := columns(line[:strings.Index(line, "2026-08-")]); got != at && got > columns("51   pp-") {
			t.Errorf("the time stands at column %d, its header at %d:\n%s", got, at, line)
		}
	}
}

// What is hostile does nothing to the terminal, and can be read.
func TestHostileTexts(t *testing.T) {
	for _, s := range hostile {
		page := drawnAt(80, func(p *Page) {
			p.Fields(Field{"id", s})
			p.Table([]string{"id", "problem"}, [][]any{{s, "x"}})
		})
		if lines := strings.Count(page, "\n"); lines != 4 || !utf8.ValidString(page) || strings.ContainsFunc(strings.ReplaceAll(page, "\n", ""), func(r rune) bool { return Clean(string(r)) != string(r) }) {
			t.Errorf("%q is shown as %q", s, page)
		}
	}
	if long := strings.Repeat("x", 4096); !strings.Contains(drawnAt(80, func(p *Page) { p.Table([]string{"id", "n"}, [][]any{{long, 1}}) }), long) {
		t.Error("an id of 4 KiB is broken")
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows"} {
		if got := Count(n, "row"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// Where nothing is a terminal, nothing is coloured and no bar is drawn.
func TestPipesGetNoEscapes(t *testing.T) {
	var out, errs bytes.Buffer
	s := New(&out, &errs)
	bar := s.Progress("verifying", 10, Things)
	bar.Set(3, 10)
	bar.Add(1)
	bar.Close()
	err := s.Show(nil, func(p *Page) {
		p.Title("a title")
		p.Good("well")
		p.Bad("not")
		p.Fields(Field{"name", "value"})
		list(p)
	})
	if err != nil || strings.Contains(out.String()+errs.String(), "\x1b") || errs.Len() > 0 {
		t.Errorf("%v: %q, and %q", err, out.String(), errs.String())
	}
}
