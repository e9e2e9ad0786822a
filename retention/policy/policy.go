package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention"
)

// MaxFileBytes bounds a policy file.
const MaxFileBytes = 256 << 10

//go:embed default.yaml
var defaultFile []byte

// Policy is a policy that was checked. It does not change, and is safe for
// concurrent use.
type Policy struct {
	file   File
	matrix retention.Matrix
	rules  []rule
	digest string
}

// Default returns the policy of a team that writes nothing: see default.yaml.
func Default() *Policy { return theDefault() }

var theDefault = sync.OnceValue(func() *Policy {
	p, err := Parse("default.yaml", defaultFile)
	if err != nil {
		panic(err) // it is part of this package, and a test reads it
	}
	return p
})

// Load reads a policy file of at most [MaxFileBytes]. What is wrong in it is a
// [FileError], as of [Parse].
func Load(path string) (*Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if info.Size() > MaxFileBytes {
		return nil, fmt.Errorf("policy: %s takes %d bytes, a policy file at most %d", path, info.Size(), MaxFileBytes)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return Parse(path, content)
}

// Parse reads a policy file's content. The name is for errors, which are a
// [FileError] that lists every problem with its line, field and fix.
func Parse(name string, content []byte) (*Policy, error) {
	f, where, err := decode(name, content)
	if err != nil {
		return nil, err
	}
	p, problems := compile(f)
	if len(problems) > 0 {
		return nil, &FileError{Name: name, Problems: where.locate(problems)}
	}
	return p, nil
}

// New checks a policy that was made in memory.
func New(f File) (*Policy, error) {
	encoded, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return Parse("policy", encoded) // JSON is YAML
}

// File returns what the policy says, to be changed and given to [New].
func (p *Policy) File() File {
	var f File
	encoded, err := json.Marshal(p.file)
	if err == nil {
		err = json.Unmarshal(encoded, &f)
	}
	if err != nil {
		panic(err) // it was decoded from just this
	}
	return f
}

// SHA256 returns the digest, in hex, of the policy's canonical JSON: its fields in
// the order of [File], names sorted. Comments and layout do not count.
func (p *Policy) SHA256() string { return p.digest }

// Matrix returns the terms of each class.
func (p *Policy) Matrix() retention.Matrix { return p.matrix }

// Requirement returns what is done with a promotion_decision; false if the policy
// does not know it.
func (p *Policy) Requirement(decision string) (Requirement, bool) {
	r, ok := p.file.Decisions[decision]
	return r, ok
}

// ClockSkew is how far apart clocks may be.
func (p *Policy) ClockSkew() time.Duration { return time.Duration(p.file.ClockSkew) }

// MaximumDelay is how long the export of a decision may take; 0 is no limit.
func (p *Policy) MaximumDelay(c retention.Class) time.Duration {
	return time.Duration(p.file.MaximumDelay[c])
}

// Action is what somebody wants to do.
type Action string

// The actions.
const (
	Export      Action = "export"
	Hold        Action = "hold"
	Release     Action = "release"
	Acknowledge Action = "acknowledge"
)

// Allows reports whether somebody, named as role/name or role: name, may do what
// they want to. The error matches [ErrNotAllowed] and names those who may.
func (p *Policy) Allows(action Action, who string) error {
	roles := map[Action][]string{Export: p.file.Roles.Export, Hold: p.file.Roles.Hold, Release: p.file.Roles.Release, Acknowledge: p.file.Roles.Acknowledge}[action]
	role, _, _ := strings.Cut(strings.ReplaceAll(who, ":", "/"), "/")
	if len(roles) == 0 || slices.Contains(roles, role) {
		return nil
	}
	return fmt.Errorf("%w: %.100q may not %s; roles that may are %s: name them as role/name", ErrNotAllowed, who, action, strings.Join(roles, ", "))
}

// ReleaseByAnother reports whether a hold must be released by somebody else than
// placed it.
func (p *Policy) ReleaseByAnother() bool { return p.file.LegalHold.ReleaseByAnotherPerson }

// compile checks what the schema cannot and makes the rules ready.
func compile(f File) (*Policy, []Problem) {
	p := &Policy{file: f}
	p.matrix = retention.Matrix{Standard: f.Classes[retention.Standard].terms(), Extended: f.Classes[retention.Extended].terms(), Regulated: f.Classes[retention.Regulated].terms()}
	problems := f.check()
	for i, r := range f.Rules {
		compiled, problem := newRule(i, r)
		p.rules, problems = append(p.rules, compiled), append(problems, problem...)
	}
	encoded, err := json.Marshal(f, json.Deterministic(true))
	if err != nil {
		problems = append(problems, Problem{Problem: err.Error()})
	}
	sum := sha256.Sum256(encoded)
	p.digest = hex.EncodeToString(sum[:])
	return p, problems
}

func (c Class) terms() retention.Terms {
	return retention.Terms{Period: c.Period, Mode: c.Mode, LegalHold: c.LegalHold}
}

// check finds what is wrong between fields.
func (f File) check() []Problem {
	var problems []Problem
	find := func(field, fix, format string, args ...any) {
		problems = append(problems, Problem{Field: field, Problem: fmt.Sprintf(format, args...), Fix: fix})
	}
	for _, c := range retention.Classes() {
		if err := f.Classes[c].Period.Validate(); err != nil {
			find(fmt.Sprintf("classes.%s.period", c), "write a period from P1D to P100Y", "%v", err)
		}
	}
	for i, c := range retention.Classes()[1:] {
		below := retention.Classes()[i]
		stronger, weaker := f.Classes[c], f.Classes[below]
		if fewest, _ := stronger.Period.DaysLonger(weaker.Period); fewest < 0 {
			find(fmt.Sprintf("classes.%s.period", c), fmt.Sprintf("make the period of %s at least that of %s, on every date", c, below),
				"%s may end %s before the %s of %s, which is the weaker class", stronger.Period, retention.Period{Days: -fewest}.Words(), weaker.Period, below)
		}
		if firmness(stronger.Mode) < firmness(weaker.Mode) {
			find(fmt.Sprintf("classes.%s.mode", c), fmt.Sprintf("make the mode of %s at least that of %s", c, below), "%s is softer than the %s of %s, which is the weaker class", stronger.Mode, weaker.Mode, below)
		}
	}
	names := map[string]int{}
	for i, r := range f.Rules {
		if first, twice := names[r.Name]; twice {
			find(fmt.Sprintf("rules.%d.name", i), "give each rule a name of its own", "%q is the name of rule %d as well", r.Name, first+1)
		} else {
			names[r.Name] = i
		}
	}
	return problems
}

// firmness orders modes.
func firmness(m retention.Mode) int { return slices.Index(retention.Modes(), m) }
