package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Edition is what the pages are of.
type Edition struct {
	Version string
	Date    string // of the build, as 2026-08-04; empty if it is not known
}

// Term is a word, and what it means.
type Term struct{ Name, Meaning string }

// Chapter is a part of the page of the whole program.
type Chapter struct {
	Title string
	Lead  string // a paragraph before the terms
	Terms []Term
}

// Name is what the page of a command is called: exportctl-policy-explain.
func Name(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// Commands are a command and all below it, in order. Those that cobra adds for itself
// are left out.
func Commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() && below.Name() != "help" {
			all = append(all, Commands(below)...)
		}
	}
	return all
}

// Render writes the page of a command. The chapters are for the whole program's alone:
// the other pages send there.
func Render(c *cobra.Command, e Edition, chapters ...Chapter) []byte {
	p := &page{}
	p.request(`TH %s 1 "%s" "%s" "Holdfast"`, escaped(strings.ToUpper(Name(c))), escaped(e.Date), escaped(c.Root().Name()+" "+e.Version))
	p.request("nh") // nothing is hyphenated
	p.request("ad l")
	p.section("Name")
	p.line(escaped(Name(c)) + ` \- ` + escaped(c.Short))
	p.section("Synopsis")
	p.line(synopsis(c))
	help := ParseHelp(c.Long)
	p.section("Description")
	p.paragraphs(help.Description)
	p.commands(c)
	p.options(c)
	p.part("When to use", help.WhenToUse)
	p.part("Gotchas", help.Gotchas)
	for _, chapter := range chapters {
		p.chapter(chapter)
	}
	if c.Example != "" {
		p.section("Examples")
		p.block(strings.Split(c.Example, "\n"))
	}
	p.seeAlso(c, help.Related)
	return p.b.Bytes()
}

func (p *page) paragraphs(all []string) {
	for i, paragraph := range all {
		if i > 0 {
			p.request("PP")
		}
		if strings.HasPrefix(paragraph, "    ") {
			p.block(strings.Split(paragraph, "\n"))
			continue
		}
		p.prose(paragraph)
	}
}

func (p *page) part(title, text string) {
	if text != "" {
		p.section(title)
		p.prose(strings.ToUpper(text[:1]) + text[1:])
	}
}

func (p *page) chapter(c Chapter) {
	p.section(c.Title)
	if c.Lead != "" {
		p.prose(c.Lead)
	}
	for _, t := range c.Terms {
		p.entry(bold(t.Name), t.Meaning)
	}
}

// synopsis is a command's line of use: what is typed as it stands is bold, and what
// stands for something else is not.
func synopsis(c *cobra.Command) string {
	use := bold(c.CommandPath())
	for _, word := range strings.Fields(strings.TrimPrefix(c.UseLine(), c.CommandPath())) {
		switch {
		case word == "[flags]":
			word = "[" + italic("OPTION") + "...]"
		case strings.HasPrefix(word, "-"):
			word = bold(word)
		default:
			word = italic(word)
		}
		use += " " + word
	}
	if c.HasAvailableSubCommands() {
		use = bold(c.CommandPath()) + " " + italic("COMMAND") + " ..."
	}
	return use
}

// commands lists the commands below one, by their groups.
func (p *page) commands(c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	p.section("Commands")
	list := func(group string) {
		for _, below := range c.Commands() {
			if below.GroupID == group && below.IsAvailableCommand() && below.Name() != "help" {
				p.entry(reference(below), below.Short)
			}
		}
	}
	for _, g := range c.Groups() {
		p.request("SS %s", escaped(strings.TrimSuffix(g.Title, ":")))
		list(g.ID)
	}
	list("")
}

// options lists the options of a command. Those that all commands share are on the page
// of the whole program.
func (p *page) options(c *cobra.Command) {
	p.section("Options")
	if c.HasParent() {
		p.line("Those that all commands share, the environment and the exit statuses are on the page")
		p.line(reference(c.Root()) + ".")
	}
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && (f.Name != "help" || !c.HasParent()) {
			p.entry(option(f))
		}
	})
}

func option(f *pflag.Flag) (term, meaning string) {
	value, meaning := pflag.UnquoteUsage(f)
	if f.Shorthand != "" {
		term = bold("-"+f.Shorthand) + ", "
	}
	term += bold("--" + f.Name)
	if value != "" {
		term += " " + italic(value)
	}
	if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
		meaning += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return term, meaning
}

// reference names the page of a command.
func reference(c *cobra.Command) string { return bold(Name(c)) + "(1)" }

// seeAlso is what is related, each command by the name of its page.
func (p *page) seeAlso(c *cobra.Command, related string) {
	if !c.HasParent() {
		return
	}
	p.section("See also")
	said := reference(c.Root())
	for _, item := range Related(c, related) {
		said += "; " + reference(item.Command) + escaped(item.Note)
	}
	p.line(said)
}
