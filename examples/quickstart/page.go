package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// columns is how wide the page is.
const columns = 100

// page is what a person reads.
type page struct{ out io.Writer }

func (p page) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(p.out, "\n── %s %s\n", text, strings.Repeat("─", columns-4-utf8.RuneCountInString(text)))
}

// say prints text, wrapped.
func (p page) say(format string, args ...any) {
	for text := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		p.wrap("  ", "  ", text)
	}
}

// good and bad print what is as it should be, and what is not.
func (p page) good(format string, args ...any) {
	p.wrap("  ✓ ", "    ", fmt.Sprintf(format, args...))
}
func (p page) bad(format string, args ...any) { p.wrap("  ✗ ", "    ", fmt.Sprintf(format, args...)) }

// wrap breaks text between words, and keeps spaces that line things up.
func (p page) wrap(first, rest, text string) {
	line, width := first, utf8.RuneCountInString(first)
	empty := true
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		if !empty && width+1+n > columns {
			fmt.Fprintln(p.out, strings.TrimRight(line, " "))
			line, width, empty = rest, utf8.RuneCountInString(rest), true
		}
		if !empty {
			line, width = line+" ", width+1
		}
		line, width, empty = line+word, width+n, false
	}
	fmt.Fprintln(p.out, strings.TrimRight(line, " "))
}

var long = regexp.MustCompile(`[0-9a-f]{24,}`)

// hashes shortens every hash in a text.
func hashes(text string) string {
	return long.ReplaceAllStringFunc(text, func(h string) string { return h[:8] + "…" })
}

// short is a path as somebody would type it here.
func short(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil {
		return relative
	}
	return path
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
