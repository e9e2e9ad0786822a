package screen

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// narrowest is how narrow a column of prose may get, in columns of the terminal.
const narrowest = 12

// between is the white space between two columns.
const between = 2

// Table writes rows under their header. Cells are cleaned, and a column that is empty in
// every row is left out, as is a table without rows.
//
// Where the terminal is too narrow, prose is folded between words; if that is not enough,
// each row becomes a paragraph. No id is ever broken.
func (p *Page) Table(header []string, rows [][]any) {
	header, cells := filled(header, cleaned(rows))
	if len(cells) == 0 {
		return
	}
	widths, fits := p.fit(header, cells)
	if !fits {
		p.paragraphs(header, cells)
		return
	}
	t := table.NewWriter()
	t.SetStyle(quiet)
	t.SuppressTrailingSpaces()
	t.AppendHeader(tableRow(header, widths))
	for _, r := range cells {
		t.AppendRow(tableRow(r, widths))
	}
	// The line under the header ends where the last column does.
	p.Line("%s", strings.Replace(t.Render(), strings.Repeat("─", between)+"\n", "\n", 1))
}

func cleaned(rows [][]any) [][]string {
	all := make([][]string, len(rows))
	for i, r := range rows {
		for _, c := range r {
			all[i] = append(all[i], Clean(fmt.Sprint(c)))
		}
	}
	return all
}

// filled leaves out the columns that are empty in every row.
func filled(header []string, rows [][]string) ([]string, [][]string) {
	var names []string
	kept := make([][]string, len(rows))
	for column, name := range header {
		empty := true
		for _, r := range rows {
			empty = empty && r[column] == ""
		}
		if empty {
			continue
		}
		names = append(names, name)
		for i, r := range rows {
			kept[i] = append(kept[i], r[column])
		}
	}
	return names, kept
}

// fit is how wide each column may be so that the table fits the terminal; false if it
// cannot be made to. The widest gives way first.
func (p *Page) fit(header []string, rows [][]string) (widths []int, fits bool) {
	least := make([]int, len(header))
	widths = make([]int, len(header))
	total := -between
	for i, name := range header {
		least[i] = longestWord(name)
		for _, r := range rows {
			widths[i] = max(widths[i], columns(r[i]))
			least[i] = max(least[i], longestWord(r[i]), min(columns(r[i]), narrowest))
		}
		widths[i] = max(widths[i], columns(name))
		total += widths[i] + between
	}
	for p.width > 0 && total > p.width {
		widest := -1
		for i := range widths {
			if widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		widths[widest]--
		total--
	}
	return widths, true
}

func longestWord(s string) int {
	longest := 0
	for _, word := range strings.Fields(s) {
		longest = max(longest, columns(word))
	}
	return longest
}

// paragraphs writes each row below the one before, every cell behind its name: as many on a
// line as fit, and what comes after the first line indented.
func (p *Page) paragraphs(header []string, rows [][]string) {
	for _, r := range rows {
		line, indent := "", ""
		for column, cell := range r {
			if cell == "" {
				continue
			}
			name := p.Dim(header[column]+":") + " "
			switch {
			case line == "":
			case columns(line+name+cell)+between > p.width:
				p.Line("%s", line)
				line, indent = "", strings.Repeat(" ", between)
			default:
				line += strings.Repeat(" ", between)
			}
			if line == "" {
				line = indent
			}
			line = fold(line+name, cell, p.width, 2*between)
		}
		p.Line("%s", line)
	}
}

func tableRow(cells []string, widths []int) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = fold("", c, widths[i], 0)
	}
	return r
}

// quiet is a table of white space and one line under the header.
var quiet = func() table.Style {
	s := table.StyleDefault
	s.Box = table.StyleBoxDefault
	s.Box.PaddingLeft, s.Box.PaddingRight = "", strings.Repeat(" ", between)
	s.Box.MiddleHorizontal, s.Box.MiddleSeparator = "─", "─"
	s.Box.MiddleVertical = ""
	s.Options = table.Options{SeparateHeader: true}
	s.Format.Header = text.FormatDefault
	return s
}()
