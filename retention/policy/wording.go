package policy

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// worded says what the schema found in the words of somebody who has to mend it,
// once for each field that it is about.
func worded(e *jsonschema.ValidationError) []Problem {
	at := Problem{path: e.InstanceLocation, Fix: description(e.SchemaURL)}
	within := func(name, problem string, atKey bool) Problem {
		p := at
		p.path, p.Problem, p.atKey = append(p.path[:len(p.path):len(p.path)], name), problem, atKey
		return p
	}
	var problems []Problem
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			problems = append(problems, within(name, "it is missing", false))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			problem := "there is no such field here"
			if name == "" {
				problem = "a name is empty"
			}
			problems = append(problems, within(name, problem, true))
		}
	default:
		at.Problem = sentence(k)
		problems = []Problem{at}
	}
	for i := range problems {
		problems[i].Field = strings.Join(problems[i].path, ".")
	}
	return problems
}

func sentence(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("it is %s, not %s", called(k.Got), called(k.Want[0]))
	case *kind.Enum:
		return fmt.Sprintf("%.40q is not known", fmt.Sprint(k.Got))
	case *kind.Const:
		return fmt.Sprintf("%s is not %v", quoted(k.Got), k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("%.40q is not written as it must be", k.Got)
	case *kind.MinProperties, *kind.MinItems, *kind.MinLength:
		return "it is empty"
	case *kind.MaxLength:
		return fmt.Sprintf("it takes %d characters, and at most %d are read", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("there are %d of them, and at most %d are read", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("there are %d of them, and at most %d are read", k.Got, k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("entries %d and %d are the same", k.Duplicates[0]+1, k.Duplicates[1]+1)
	}
	return k.LocalizedString(message.NewPrinter(language.English))
}

// quoted tells a text from a number.
func quoted(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("the text %.40q", s)
	}
	return fmt.Sprintf("%.40v", v)
}

// called is what a type of JSON is called in a YAML file.
func called(name string) string {
	switch name {
	case "object":
		return "a list of names and values (name: value)"
	case "array":
		return "a list ([a, b])"
	case "string":
		return "text"
	case "number", "integer":
		return "a number"
	case "boolean":
		return "true or false"
	}
	return "nothing at all"
}

// yamlFix says what to do about a file that is not YAML.
func yamlFix(message string) string {
	switch {
	case strings.Contains(message, "already defined"):
		return "write it once"
	case strings.Contains(message, "'\t'") || strings.Contains(message, "tab"):
		return "indent with spaces, not with tabs"
	case strings.Contains(message, "end token"):
		return "close the bracket"
	}
	return "correct the YAML: name: value, lists as [a, b] or - a, and text with colons or quotes in quotes"
}

// celProblem says what is wrong with an expression, and what to do about just that.
func celProblem(message string) (problem, fix string) {
	_, name, undeclared := strings.Cut(message, "undeclared reference to '")
	name, _, _ = strings.Cut(name, "'")
	switch {
	case undeclared:
		return fmt.Sprintf("there is no %q", name), fmt.Sprintf("write a CEL expression over %s; a field of your own is has(packet.%s) && packet.%s == ...", strings.Join(variableNames(), ", "), name, name)
	case strings.Contains(message, "found no matching overload"):
		_, types, _ := strings.Cut(message, "applied to ")
		return fmt.Sprintf("values of %s do not go together", strings.Trim(types, "'")), "compare like with like in the CEL expression: numbers without quotes, text in quotes, in for lists"
	case strings.Contains(message, "recursion limit"):
		return fmt.Sprintf("it is nested more than %d deep", maxDepth), "write a CEL expression with fewer parentheses, or several rules"
	}
	if _, rest, ok := strings.Cut(message, " input '"); ok && strings.HasPrefix(message, "Syntax error") {
		word, _, _ := strings.Cut(rest, "'")
		if word == "<EOF>" {
			return "it ends too soon", celFix
		}
		return fmt.Sprintf("%q does not belong here", word), celFix
	}
	return strings.TrimPrefix(message, "Syntax error: "), celFix
}

// celFix is what to do about an expression that is none, or no question.
const celFix = "write a CEL expression that is true or false over the packet's fields, such as executive_exception_id != \"\" or has(packet.lane) && packet.lane == \"economy\""
