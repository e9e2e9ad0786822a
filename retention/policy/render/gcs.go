package render

import (
	"strings"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

// GCS is a bucket of Google Cloud Storage.
type GCS struct {
	Bucket   string
	Prefix   string // of all keys, such as team-a/; may be empty
	Location string // such as europe-west1 or EU
	Project  string // the project's id
}

var gcsTiers = cloudTiers{names: map[string]string{"cool": "NEARLINE", "cold": "COLDLINE", "archive": "ARCHIVE"}}

// TagLocation is the location as tag bindings spell it.
func (b GCS) TagLocation() string { return strings.ToLower(b.Location) }

// DenyPolicy is the id of the policy that denies to delete.
func (b GCS) DenyPolicy() string {
	id := "holdfast-" + strings.NewReplacer(".", "-", "_", "-").Replace(b.Bucket)
	return strings.TrimRight(id[:min(len(id), 63)], "-")
}

func (b GCS) check() error {
	return checkFields("GCS",
		field{"Bucket", b.Bucket, `[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]`, "release-evidence"},
		field{"Prefix", b.Prefix, prefixPattern, "team-a/"},
		field{"Location", b.Location, locationPattern, "europe-west1"},
		field{"Project", b.Project, `[a-z][a-z0-9-]{4,28}[a-z0-9]`, "release-tooling"})
}

func (b GCS) facts() placeFacts {
	return placeFacts{
		Cloud: "Google Cloud Storage", Dir: "gcs", Address: "gs://" + b.Bucket + "/" + b.Prefix, Tiers: gcsTiers,
		Governance: "whoever has storage.objects.overrideUnlockedRetention",
	}
}

// Role returns the custom role of one of [Roles]; another name is an error that lists them.
func (b GCS) Role(name string) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return role("gcs", name, b)
}

// Files makes the bucket's documents: its roles, and its set-up as Terraform and as
// commands of the Google Cloud command line.
func (b GCS) Files(p *policy.Policy) ([]File, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return makeAll("gcs", struct {
		GCS
		Origin      string
		Transitions []transition
		Roles       []bucketRole
	}{GCS: b, Origin: origin(p), Transitions: gcsTiers.transitions(p), Roles: bucketRoles(p)})
}
