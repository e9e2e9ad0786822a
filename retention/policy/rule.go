package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/holdfast-archive/holdfast/retention"
)

// The bounds of an expression.
const (
	maxCost  = 100_000 // in CEL's own units: about as many steps
	maxDepth = 50
)

// rule is a rule that was compiled.
type rule struct {
	Rule
	program cel.Program
}

// variables are what an expression may name, and packet.
var variables = []struct {
	name string
	kind *cel.Type
}{
	{"promotion_packet_id", cel.StringType},
	{"promotion_type", cel.StringType},
	{"promotion_decision", cel.StringType},
	{"promotion_decision_at_utc", cel.TimestampType},
	{"scorecard_snapshot_id", cel.StringType},
	{"closure_reliability_state", cel.StringType},
	{"consecutive_yellow_windows", cel.IntType},
	{"playbook_row_ids", cel.ListType(cel.StringType)},
	{"corrective_packet_ids", cel.ListType(cel.StringType)},
	{"executive_exception_id", cel.StringType},
	{"jurisdictions", cel.ListType(cel.StringType)},
	{"regulated_jurisdictions", cel.ListType(cel.StringType)},
}

func variableNames() []string {
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	return names
}

// environment declares what an expression may name.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable("packet", cel.MapType(cel.StringType, cel.DynType)),
		cel.ParserRecursionLimit(maxDepth),
		cel.CrossTypeNumericComparisons(true),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	return cel.NewEnv(options...)
})

// newRule compiles a rule. What is wrong is named with its place in the expression.
func newRule(i int, r Rule) (rule, []Problem) {
	field := fmt.Sprintf("rules.%d.when", i)
	env, err := environment()
	if err != nil {
		return rule{}, []Problem{{Field: field, Problem: err.Error()}}
	}
	ast, issues := env.Compile(r.When)
	if issues != nil && issues.Err() != nil {
		var problems []Problem
		for _, e := range issues.Errors() {
			problem, fix := celProblem(e.Message)
			problems = append(problems, Problem{Field: field, Problem: problem, Fix: fix, line: max(e.Location.Line()-1, 0), column: e.Location.Column() + 1})
		}
		return rule{}, problems
	}
	if ast.OutputType() != cel.BoolType {
		return rule{}, []Problem{{Field: field, Problem: fmt.Sprintf("it gives a value (%s), and not true or false", ast.OutputType()), Fix: "compare it with something, so that the CEL expression is true or false, such as consecutive_yellow_windows >= 2 or packet.approved == true"}}
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(100))
	if err != nil {
		return rule{}, []Problem{{Field: field, Problem: err.Error(), Fix: celFix}}
	}
	return rule{Rule: r, program: program}, nil
}

// holds evaluates the rule.
func (r rule) holds(activation map[string]any) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // the cost limit comes long before
	defer cancel()
	value, _, err := r.program.ContextEval(ctx, activation)
	if err != nil {
		return false, err
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("it gives a %T", value.Value())
	}
	return holds, nil
}

// Facts are what the rules look at.
type Facts struct {
	PromotionPacketID        string
	PromotionType            string
	PromotionDecision        string
	PromotionDecisionAtUTC   time.Time
	ScorecardSnapshotID      string
	ClosureReliabilityState  string
	ConsecutiveYellowWindows int
	PlaybookRowIDs           []string
	CorrectivePacketIDs      []string
	ExecutiveExceptionID     string
	Jurisdictions            []string
	AtLeast                  retention.Class // the packet's own retention_class, if it names one

	Fields map[string]any // all of the packet's top-level fields, as JSON decodes them
}

func (p *Policy) activation(f Facts) map[string]any {
	return map[string]any{
		"promotion_packet_id":        f.PromotionPacketID,
		"promotion_type":             f.PromotionType,
		"promotion_decision":         f.PromotionDecision,
		"promotion_decision_at_utc":  f.PromotionDecisionAtUTC,
		"scorecard_snapshot_id":      f.ScorecardSnapshotID,
		"closure_reliability_state":  f.ClosureReliabilityState,
		"consecutive_yellow_windows": f.ConsecutiveYellowWindows,
		"playbook_row_ids":           list(f.PlaybookRowIDs),
		"corrective_packet_ids":      list(f.CorrectivePacketIDs),
		"executive_exception_id":     f.ExecutiveExceptionID,
		"jurisdictions":              list(f.Jurisdictions),
		"regulated_jurisdictions":    list(p.file.RegulatedJurisdictions),
		"packet":                     f.Fields,
	}
}

func list(l []string) []string {
	if l == nil {
		return []string{}
	}
	return slices.Clone(l)
}

// Fired is a rule that held for a packet.
type Fired struct {
	Name    string          `json:"name"`
	Class   retention.Class `json:"class"`
	Because string          `json:"because"`
}

// String returns the rule as manifests give it among their reasons.
func (f Fired) String() string {
	return strings.TrimSuffix(fmt.Sprintf("%s: %s", f.Name, f.Because), ": ")
}
