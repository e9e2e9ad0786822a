package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The exit statuses. They are part of the interface: scripts branch on them.
const (
	exitDone        = 0
	exitFindings    = 1
	exitWrongUse    = 2
	exitLate        = 3
	exitUnreachable = 4
	exitPending     = 5
	exitUnfinished  = 6
	exitNotFound    = 7
	exitInterrupted = 130
)

var exitMeanings = []struct {
	status  int
	meaning string
}{
	{exitDone, "done, and all is well"},
	{exitFindings, "the evidence, the log or a comparison is not as it should be: what is wrong is listed"},
	{exitWrongUse, "refused before anything was written: flags, files, packet, policy, credentials or permission"},
	{exitLate, "all is there, but something was late, or lapses soon"},
	{exitUnreachable, "the bucket or the key could not be reached: the same command later may do"},
	{exitPending, "NOT exported: the packet waits safely in the spool"},
	{exitUnfinished, "partly done, or not known: the same command again goes on"},
	{exitNotFound, "no such export, or more than one"},
	{exitInterrupted, "interrupted: the same command again goes on"},
}

func exitTable() string {
	var b strings.Builder
	for _, e := range exitMeanings {
		fmt.Fprintf(&b, "    %3d  %s\n", e.status, e.meaning)
	}
	return b.String()
}

// verdict is the end of a command that has said on the screen what it found.
type verdict struct{ status int }

func (v verdict) Error() string { return fmt.Sprintf("exit status %d", v.status) }

// usageError is a command line that cannot be run.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func wrongUse(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// remedy is what an error comes to, and what to do next.
type remedy struct {
	is     error
	status int
	todo   string
}

func remedyOf(err error) *remedy {
	var partial *archive.PartialError
	if errors.As(err, &partial) {
		if r := refusedAlike(partial.Report); r != nil {
			return r
		}
	}
	for i := range remedies {
		if errors.Is(err, remedies[i].is) {
			return &remedies[i]
		}
	}
	return nil
}

// refusedAlike is the remedy of a change that was refused for one reason, which trying
// again does not mend; nil if that is not why it is not all done.
func refusedAlike(report archive.ChangeReport) *remedy {
	var alike *remedy
	for _, f := range report.Failed {
		r := remedyOf(f.Err)
		if r == nil || r.status != exitWrongUse || alike != nil && alike != r {
			return nil
		}
		alike = r
	}
	if alike != nil && len(report.Changed) > 0 {
		return &remedy{alike.is, exitUnfinished, alike.todo}
	}
	return alike
}

// remedies say what an error comes to, and what to do next, the first that matches.
var remedies = []remedy{
	{archive.ErrPending, exitPending, "Let the release go on. Run `exportctl flush` when the bucket and the key can be reached; `exportctl pending` lists what waits."},
	{archive.ErrPartial, exitUnfinished, "Run the same command again: what is done is skipped."},
	{exportlog.ErrOutcomeUnknown, exitUnfinished, "Run the same command again: what was stored is found, the rest is completed."},
	{worm.ErrOutcomeUnknown, exitUnfinished, "Run the same command again: what was stored is found, the rest is completed."},
	{archive.ErrNotConfirmed, exitFindings, "Do not touch the bucket. Copy it, and compare with a replica, or with receipts and checkpoints kept elsewhere."},
	{exportlog.ErrDamaged, exitFindings, "Run `exportctl verify` for all of it. Do not touch the bucket; a replica, receipts and checkpoints say what was there."},
	{worm.ErrCorrupt, exitFindings, "It is not what was stored. Run `exportctl verify` for all of it, and do not touch the bucket; a replica says what was there."},
	{archive.ErrNotLocked, exitFindings, "Nothing was exported. Enable locks on the bucket (`exportctl doctor` says how), then run the same command again."},
	{archive.ErrNotFinal, exitWrongUse, "Export when the decision has been taken. Nothing was written."},
	{archive.ErrRefused, exitWrongUse, "The policy does not export this decision; `exportctl policy explain` shows why, and --skip-refused leaves it out. Nothing was written."},
	{archive.ErrUnknownDecision, exitWrongUse, "Spell promotion_decision as the policy does, or add it to the policy. Nothing was written."},
	{archive.ErrMalformed, exitWrongUse, "Mend the packet at the place named. Nothing was written."},
	{archive.ErrMissing, exitWrongUse, "Add the field. Nothing was written."},
	{archive.ErrBadID, exitWrongUse, "Give the packet another id. Nothing was written."},
	{archive.ErrBadExhibit, exitWrongUse, "Mend the exhibit named. Nothing was written."},
	{archive.ErrTooLarge, exitWrongUse, "Put what is large into an exhibit, or split the batch. Nothing was written."},
	{archive.ErrReadOnly, exitWrongUse, "Give --key and --operator."},
	{archive.ErrSamePerson, exitWrongUse, "Have somebody else release the hold: --by."},
	{archive.ErrNotArchived, exitNotFound, "Check the address and the bucket; `exportctl find --packet ID` lists what there is."},
	{policy.ErrNotAllowed, exitWrongUse, "Use a role that the policy allows for this; `exportctl policy show` lists them."},
	{spool.ErrFull, exitUnfinished, "NOT exported, and NOT in the spool. Run `exportctl flush` to make room, or give the spool more."},
	{spool.ErrDamaged, exitFindings, "Something in the spool is not what was put there. Keep it for whoever asks, and export the packet again from its source."},
	{spool.ErrUnsafe, exitWrongUse, "Give --spool a directory that only this user can write to."},
	{spool.ErrChanged, exitWrongUse, "Nothing was exported. Run it again when nobody writes to the packet's files any more."},
	{linkage.ErrNotLocated, exitNotFound, "Check the id, and the bucket."},
	{linkage.ErrAmbiguous, exitNotFound, "Name the one that is meant by its export_row_id: --row."},
	{linkage.ErrNotAcknowledged, exitWrongUse, "Give --ack ROLE:NAME of somebody whom the policy allows to acknowledge links."},
	{linkage.ErrBadDivergence, exitWrongUse, "Say what diverged: --summary or --delta. Nothing was written."},
	{linkage.ErrPeers, exitWrongUse, "Choose --withhold-manifest or --reveal-peers."},
	{linkage.ErrNoProofs, exitWrongUse, "Give the log's private key with --log-key, or make the pack --without-proofs."},
	{linkage.ErrBadStory, exitWrongUse, "Name one thing that the story is of: --packet, --row, --incident, --rollback or --cycle."},
	{linkage.ErrTooMuch, exitWrongUse, "Ask for less: one packet, or a cycle --from and --until."},
	{linkage.ErrBadEvent, exitWrongUse, "Mend the line named, or leave it out. Nothing was written."},
	{linkage.ErrBadTemplate, exitWrongUse, "Mend the file named."},
	{exportlog.ErrBadRow, exitWrongUse, "Nothing was written."},
	{manifest.ErrUnknownKey, exitFindings, "If the key is one of yours, add it to --trust; if not, somebody else signed this."},
	{manifest.ErrNoTrustedKeys, exitWrongUse, "Say whose signatures count: --trust holdfast.key.pub."},
	{keyless.ErrNoToken, exitWrongUse, "Run it where the token is: in GitHub Actions, a job with `permissions: id-token: write`. keyless:env:NAME and keyless:file:PATH take it from elsewhere."},
	{manifest.ErrNoSignature, exitUnreachable, "The key did not sign. `exportctl keys check` has it sign once; ask whoever runs the key service."},
	{manifest.ErrNoKey, exitWrongUse, "Signing takes a private key in PEM, such as holdfast.key, and --trust its public half, holdfast.key.pub; `exportctl keys create` makes both."},
	{manifest.ErrWrongPassword, exitWrongUse, "Set HOLDFAST_KEY_PASSWORD, or COSIGN_PASSWORD, to the password of this key."},
	{manifest.ErrUnsupportedKey, exitWrongUse, "`exportctl keys create` makes a key that all verifiers know."},
	{manifest.ErrUnknownKMS, exitWrongUse, "Write awskms://, gcpkms://, azurekms:// or hashivault://, or the name of a key's file."},
	{manifest.ErrNotOwner, exitFindings, "Sign with a key of an owner whom the trust.yaml lists, or have its owners list this one."},
	{manifest.ErrKeyNotInUse, exitFindings, "Sign with the key in use; `exportctl keys show` lists until when each was."},
	{errEncrypted, exitWrongUse, "Set it to the key's password; one that is empty must be set as well."},
	{syscall.EISDIR, exitWrongUse, "Give the path of a file."},
	{syscall.ENOTDIR, exitWrongUse, "Give the path of a directory."},
	{syscall.ENOSPC, exitUnfinished, "The disk is full: make room, then run the same command again. What was stored is found."},
	{syscall.EROFS, exitWrongUse, "Have the disk mounted so that it can be written to, or give another bucket. Nothing was written."},
	{worm.ErrBadURL, exitWrongUse, "Mend --bucket: s3://NAME?region=…, gs://NAME, azblob://NAME, or file:///PATH of a directory."},
	{worm.ErrUnsupported, exitWrongUse, "This bucket cannot do it. `exportctl doctor` says what to enable."},
	{worm.ErrForeignURI, exitWrongUse, "This address is of another bucket: give that one as --bucket."},
	{worm.ErrUnavailable, exitUnreachable, "The store does not answer, or is busy. Try again; `exportctl doctor` looks at it step by step."},
	{fs.ErrNotExist, exitWrongUse, "Check the path."},
	{fs.ErrExist, exitWrongUse, "Nothing is overwritten: choose another name."},
	{fs.ErrPermission, exitWrongUse, "Check the permissions."},
}

// conclude says what went wrong, and what to do next, and returns the exit status.
func (t *tool) conclude(ctx context.Context, c *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	var found verdict
	if errors.As(err, &found) {
		return found.status
	}
	err = overdue(c.Context(), err)
	status, todo := diagnose(ctx, c, err)
	t.complain(c, err, status, todo)
	return status
}

func diagnose(ctx context.Context, c *cobra.Command, err error) (status int, todo string) {
	var usage usageError
	var unopened bucketError
	var file *policy.FileError
	why := causeOf(err)
	remedy := remedyOf(err)
	var stopped stoppedError
	switch {
	case ctx.Err() != nil && errors.As(err, &stopped):
		return exitInterrupted, "Interrupted. " + stopped.todo
	case ctx.Err() != nil:
		return exitInterrupted, "Interrupted. Run the same command again: it goes on where it stopped, and nothing is done twice."
	case errors.As(err, &usage) && remedy != nil:
		return exitWrongUse, remedy.todo
	case errors.As(err, &file):
		return exitWrongUse, "Mend the policy there; `exportctl policy check FILE` shows the place."
	case errors.As(err, &usage):
		return exitWrongUse, fmt.Sprintf("See `%s --help`.", c.CommandPath())
	case why != nil && (errors.As(err, &unopened) || remedy == nil || remedy.is == worm.ErrUnavailable):
		return why.status, why.todo
	case remedy != nil:
		return remedy.status, remedy.todo
	case errors.As(err, new(keyServiceError)):
		return exitUnreachable, howToSignIn(err)
	case errors.As(err, &unopened):
		return exitUnreachable, "Check the URL, the network and the credentials; `exportctl doctor` looks at them step by step."
	}
	if strings.HasPrefix(err.Error(), "unknown command") {
		return exitWrongUse, "See `exportctl --help`."
	}
	return exitUnfinished, "Nothing is lost: run the same command again when the cause is gone."
}

// complaint is an error as JSON.
type complaint struct {
	Command    string            `json:"command"`
	Error      string            `json:"error"`
	Todo       string            `json:"todo"`
	Status     int               `json:"exit_status"`
	Candidates []json.RawMessage `json:"candidates,omitempty"` // export rows that may have been meant
}

func (t *tool) complain(c *cobra.Command, err error, status int, todo string) {
	candidates := candidatesOf(err)
	if t.screen.JSON {
		t.screen.Complain(complaint{Command: c.CommandPath(), Error: t.briefly(err), Todo: todo, Status: status, Candidates: rowsJSON(candidates)})
		return
	}
	if len(candidates) > 0 {
		t.screen.Aside(func(p *screen.Page) { drawRows(p, candidates) })
		err = linkage.ErrAmbiguous
	}
	t.screen.Problem(c.CommandPath(), t.briefly(err), todo)
}

// candidatesOf returns the exports among which nobody guesses.
func candidatesOf(err error) []exportlog.Row {
	var ambiguous *linkage.AmbiguousError
	if errors.As(err, &ambiguous) {
		return ambiguous.Candidates
	}
	return nil
}
