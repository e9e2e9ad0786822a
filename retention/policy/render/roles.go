package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Roles returns the roles of a bucket: exporter, reader, hold-officer, auditor and
// replicator. The replicator's is of a bucket that is a copy; on the primary whoever keeps
// the copy in step is given the auditor's.
func Roles() []string {
	return []string{"exporter", "reader", "hold-officer", "auditor", "replicator"}
}

// bucketRole is a role of a bucket, and who has it by the policy.
type bucketRole struct {
	Name string
	Who  string
}

// Words is the name as one says it.
func (r bucketRole) Words() string { return strings.ReplaceAll(r.Name, "-", " ") }

// Identifier is the name as programs spell it.
func (r bucketRole) Identifier() string { return strings.ReplaceAll(r.Name, "-", "_") }

// RoleID is the name as Google Cloud spells it.
func (r bucketRole) RoleID() string { return "holdfast_" + r.Identifier() }

// bucketRoles says who has which role: whoever exports, reads, or places and
// releases holds; the policy does not say who verifies or copies. Whoever acknowledges a link appends a row to the log, as an
// exporter does.
func bucketRoles(p *policy.Policy) []bucketRole {
	r := p.File().Roles
	who := map[string][][]string{
		"exporter":     {r.Export, r.Acknowledge},
		"reader":       {r.Read},
		"hold-officer": {r.Hold, r.Release},
	}
	ours := map[string]string{
		"auditor":    "whoever verifies the whole bucket, or copies it",
		"replicator": "whoever keeps a copy in step, on the copy alone",
	}
	all := make([]bucketRole, 0, len(Roles()))
	for _, name := range Roles() {
		r := bucketRole{Name: name, Who: ours[name]}
		if r.Who == "" {
			r.Who = people(who[name]...)
		}
		all = append(all, r)
	}
	return all
}

// people joins lists of roles. Where one is empty, the policy leaves it open.
func people(lists ...[]string) string {
	var all []string
	for _, l := range lists {
		if len(l) == 0 {
			return "whom you choose: the policy names nobody"
		}
		for _, name := range l {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return strings.Join(all, ", ")
}

// role makes a role's document.
func role(dir, name string, data any) ([]byte, error) {
	if !slices.Contains(Roles(), name) {
		return nil, fmt.Errorf("render: no role %q; the roles are %s", name, strings.Join(Roles(), ", "))
	}
	f, err := makeOne(dir+"/"+name+".json", data)
	return f.Content, err
}
