package render

import (
	"fmt"
	"regexp"
)

// Config says where evidence is kept, and a few names that documents give. A cloud
// that is nil is left out.
type Config struct {
	S3    *S3
	GCS   *GCS
	Azure *Azure

	LogOrigin  string // the name of the log's key, which its checkpoints carry; may be empty
	PolicyFile string // where the policy lies in the team's repository; may be empty
}

func (c Config) places() []place {
	var all []place
	if c.S3 != nil {
		all = append(all, *c.S3)
	}
	if c.GCS != nil {
		all = append(all, *c.GCS)
	}
	if c.Azure != nil {
		all = append(all, *c.Azure)
	}
	return all
}

func (c Config) check() error {
	for _, p := range c.places() {
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

// placeFacts are what the contract says of a place.
type placeFacts struct {
	Cloud, Dir, Address string
	Account             string // on Azure
	Governance          string // who can still lift a lock of this mode
	Tiers               cloudTiers
}

// field is a name that goes into documents, and what it must look like. Whatever
// matches means nothing but itself to a shell, to Terraform and in JSON.
type field struct {
	name, value, pattern, example string
}

var (
	prefixPattern   = `([A-Za-z0-9][A-Za-z0-9._-]*/)*`
	locationPattern = `[A-Za-z0-9-]{2,40}`
)

func checkFields(cloud string, fields ...field) error {
	for _, f := range fields {
		if !regexp.MustCompile(`\A(?:` + f.pattern + `)\z`).MatchString(f.value) {
			return fmt.Errorf("render: %s: %s %q is not a name that can be used; write one such as %s", cloud, f.name, f.value, f.example)
		}
	}
	return nil
}
