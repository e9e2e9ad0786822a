package manual

import (
	"regexp"
	"strings"
)

// Help is the long help of a command, by its parts.
type Help struct {
	Description []string // paragraphs; one whose lines are indented is shown as it is
	WhenToUse   string
	Gotchas     string
	Related     string
}

// label begins a part of a help text.
var label = regexp.MustCompile(`^(When to use|Gotchas|Related): +`)

// ParseHelp takes a help text apart: paragraphs, and at its end lines that begin with
// "When to use:", "Gotchas:" and "Related:".
func ParseHelp(long string) Help {
	var h Help
	parts := map[string]*string{"When to use": &h.WhenToUse, "Gotchas": &h.Gotchas, "Related": &h.Related}
	for paragraph := range strings.SplitSeq(strings.Trim(long, "\n"), "\n\n") {
		var said string
		into := &said
		for line := range strings.Lines(paragraph) {
			if begun := label.FindStringSubmatch(line); begun != nil {
				into = parts[begun[1]]
				line = line[len(begun[0]):]
			}
			*into += line
		}
		if said = strings.TrimRight(said, "\n"); said != "" {
			h.Description = append(h.Description, said)
		}
	}
	return h
}
