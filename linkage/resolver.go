package linkage

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"
)

// Clue is what somebody who is on call has in hand, where they do not have a
// promotion_packet_id. Every field that is set must match.
type Clue struct {
	DeployID string
	Artifact string    // the address of an artifact, or its digest alone: sha256:da41…
	From, To time.Time // deployed then, both included; a zero time is no bound
}

// IsZero reports whether there is no clue.
func (c Clue) IsZero() bool { return c == Clue{} }

func (c Clue) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%s %.120q", name, value))
		}
	}
	add("deploy_id", c.DeployID)
	add("artifact", c.Artifact)
	if !c.From.IsZero() {
		add("deployed from", c.From.UTC().Format(time.RFC3339))
	}
	if !c.To.IsZero() {
		add("deployed to", c.To.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}

// Matches reports whether a deploy is one the clue may mean.
func (c Clue) Matches(e Event) bool {
	return e.Type == EventDeploy &&
		(c.DeployID == "" || c.DeployID == e.DeployID) &&
		(c.Artifact == "" || sameArtifact(c.Artifact, e.Artifact)) &&
		(c.From.IsZero() || !e.AtUTC.Before(c.From)) &&
		(c.To.IsZero() || !e.AtUTC.After(c.To))
}

// sameArtifact compares by digest where both have one: the same artifact has one
// address in each registry.
func sameArtifact(a, b string) bool {
	if digest := artifactDigest(a); digest != "" {
		return digest == artifactDigest(b)
	}
	return a == b
}

func artifactDigest(artifact string) string {
	artifact = strings.ReplaceAll(artifact, "sha256%3A", "sha256:") // as a package URL has it
	at := strings.LastIndex(artifact, "sha256:")
	if at < 0 {
		return ""
	}
	digest := artifact[at:]
	if end := strings.IndexAny(digest, "?#&"); end > 0 {
		digest = digest[:end]
	}
	return digest
}

// Resolver is what a deploy tool implements so that incidents can be bound by what it
// knows.
type Resolver interface {
	// Deploys returns the deploys that a clue may mean, with the promotion_packet_id of
	// each, or its export_row_id in Fields. None is no error. More than a few help
	// nobody: it may return any [MaxDeploys] and one.
	Deploys(ctx context.Context, clue Clue) ([]Event, error)
}

// MaxDeploys is how many deploys a clue may mean. One that means more is refused: it
// says too little.
const MaxDeploys = 32

// Recorded is a [Resolver] over events as they were recorded. It reads them anew for
// each question, and holds those alone that answer it.
type Recorded func() iter.Seq2[Event, error]

// EventFile is a [Resolver] over a file of JSON lines: see [ReadEvents].
func EventFile(path string) Recorded {
	return func() iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) {
			f, err := os.Open(path)
			if err != nil {
				yield(Event{}, fmt.Errorf("linkage: read events: %w", err))
				return
			}
			defer f.Close()
			for e, err := range ReadEvents(f) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// Deploys implements [Resolver]. A line that is not an event is an error: it may be
// the one that was meant.
func (read Recorded) Deploys(ctx context.Context, clue Clue) ([]Event, error) {
	var deploys []Event
	for e, err := range read() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if clue.Matches(e) {
			deploys = append(deploys, e)
		}
		if len(deploys) > MaxDeploys {
			break
		}
	}
	return deploys, nil
}
