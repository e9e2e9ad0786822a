package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// object checks one object's bytes, and keeps the packet's own.
func (c *confirmer) object(ctx context.Context, o manifest.Object) error {
	found := len(c.Findings)
	var kept bytes.Buffer
	into := io.Discard
	if o == c.Evidence.Packet.Document && o.Size <= MaxPacketBytes {
		into = &kept
	}
	body, err := c.Evidence.open(ctx, o)
	if err == nil {
		var n int64
		n, err = io.Copy(into, body)
		c.Objects, c.Bytes = c.Objects+1, c.Bytes+n
		body.Close()
	}
	switch {
	case errors.Is(err, worm.ErrNotFound), errors.Is(err, worm.ErrCorrupt):
		c.find(harmOf(err), o.Subject, "%v", err)
	case err != nil:
		return err
	case into != io.Discard:
		c.Document = kept.Bytes()
	}
	c.checked(found, "bytes", "%s hashes to sha256:%s", o.Subject, o.SHA256)
	return nil
}

// harmOf is the kind of finding that an error of the store comes to.
func harmOf(err error) exportlog.FindingKind {
	if errors.Is(err, worm.ErrCorrupt) {
		return exportlog.Edited
	}
	return exportlog.Missing
}

// state looks at the lock an object is under.
func (c *confirmer) state(ctx context.Context, ref worm.Ref) error {
	found := len(c.Findings)
	have, err := c.archive.store.State(ctx, ref)
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) {
		c.find(harmOf(err), ref.Key, "%v", err)
		c.checked(found, "lock", "%s is locked as promised", ref.Key)
		return nil
	}
	if err != nil {
		return err
	}
	c.states = append(c.states, have)
	return nil
}

// locks holds what the objects are under to what was promised, by the manifest and by
// rows since.
func (c *confirmer) locks(now exportlog.Promise) {
	if c.Evidence.archive == nil {
		return // what belongs to the export is not known
	}
	signed := c.Evidence.Packet.Retention
	want := retention.Stronger(retention.Lock{Mode: retention.Mode(signed.Mode), Until: value(signed.RetainUntilUTC)}, now.Lock)
	want.LegalHold = now.Held()
	for _, o := range c.states {
		found, have := len(c.Findings), o.Lock
		have.LegalHold = want.LegalHold // retention and hold are independent of each other
		if !have.Covers(want) {
			c.find(WeakLock, o.Ref.Key, "%s is promised, the object is under %s", want, o.Lock)
		}
		if now.Held() && !o.Lock.LegalHold {
			hold := now.Holds[0]
			c.find(NotHeld, o.Ref.Key, "row %d put it under legal hold (matter %.80q), and it is not", hold.ExportRowID, cmp.Or(hold.MatterID, ClassMatter))
		}
		if o.Hidden {
			c.find(exportlog.Hidden, o.Ref.Key, "something newer hides the version that was exported")
		}
		c.checked(found, "lock", "%s is under %s, as promised or better", o.Ref.Key, o.Lock)
	}
}
