package manual

import (
	"strings"

	"github.com/spf13/cobra"
)

// Relation is a command that is related to another, and what is said of it.
type Relation struct {
	*cobra.Command
	Note string // ", for the story", or " --replica"
}

// Related takes a text like "verify, for everything; policy explain" apart. What names no
// command is a note to the one before.
func Related(c *cobra.Command, text string) []Relation {
	var all []Relation
	for item := range strings.SplitSeq(strings.Join(strings.Fields(text), " "), "; ") {
		for i, words := range strings.Split(item, ", ") {
			named, rest := commandAt(c.Root(), words)
			switch {
			case named != nil:
				all = append(all, Relation{named, rest})
			case i > 0 && len(all) > 0:
				all[len(all)-1].Note += ", " + words
			}
		}
	}
	return all
}

// commandAt returns the command that a text begins with, and the rest of the text.
func commandAt(root *cobra.Command, text string) (named *cobra.Command, rest string) {
	for _, c := range Commands(root)[1:] {
		name := strings.TrimPrefix(c.CommandPath(), root.Name()+" ")
		if after, ok := strings.CutPrefix(text+" ", name+" "); ok && (named == nil || len(after) < len(rest)) {
			named, rest = c, after
		}
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		rest = " " + rest
	}
	return named, rest
}
