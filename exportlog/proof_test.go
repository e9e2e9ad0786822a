package exportlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A stranger with a line, a proof, a checkpoint and a public key needs nothing else.
func TestProveRow(t *testing.T) {
	for _, rows := range []int{1, 255, 256, 257, 1300} {
		b, key := memworm.New(), checkpointKey(t)
		grow(t, b, rows)
		l := openWith(t, b, key)
		c, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(t.Context(), export("later", "later")); err != nil { // the log goes on
			t.Fatal(err)
		}
		for _, n := range []int64{1, int64(rows+1) / 2, int64(rows)} {
			proof, err := l.ProveRow(t.Context(), n, c.Size)
			if err != nil {
				t.Fatal(err)
			}
			line := []byte(lineOf(t, b, n))
			if row, err := exportlog.VerifyRow(line, handed(t, proof), c.Note, key); err != nil || row.ExportRowID != n {
				t.Errorf("row %d of %d: %v", n, rows, err)
			}
			refuses(t, line, proof, c.Note, key)
		}
	}
}

// handed is a proof that went by mail.
func handed(t *testing.T, p exportlog.Proof) exportlog.Proof {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := exportlog.ParseProof(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// refuses changes each part of what was shown, and wants it refused.
func refuses(t *testing.T, line []byte, proof exportlog.Proof, note []byte, key *exportlog.CheckpointKey) {
	t.Helper()
	otherSize, otherRow, shorter, forged := proof, proof, proof, proof
	otherSize.Size++
	otherRow.ExportRowID++
	forged.Hashes = slices.Clone(proof.Hashes)
	shorter.Hashes = append(slices.Clone(proof.Hashes), worm.Sum(nil))
	if len(proof.Hashes) > 0 {
		shorter.Hashes = proof.Hashes[1:]
		forged.Hashes[0][0] ^= 1
	} else {
		forged = shorter
	}
	for name, c := range map[string]struct {
		line  []byte
		proof exportlog.Proof
		note  []byte
		key   *exportlog.CheckpointKey
	}{
		"another line":        {bytes.Replace(line, []byte("promote"), []byte("decline"), 1), proof, note, key},
		"no line":             {nil, proof, note, key},
		"another size":        {line, otherSize, note, key},
		"another row":         {line, otherRow, note, key},
		"a hash too few":      {line, shorter, note, key},
		"a forged hash":       {line, forged, note, key},
		"an unsigned note":    {line, proof, note[:bytes.Index(note, []byte("\n\n"))+1], key},
		"a changed note":      {line, proof, bytes.Replace(note, []byte("\n"), []byte("\n1"), 1), key},
		"another log's key":   {line, proof, note, checkpointKey(t)},
		"a note out of bound": {line, proof, bytes.Repeat(note, 1000), key},
	} {
		if _, err := exportlog.VerifyRow(c.line, c.proof, c.note, c.key); !errors.Is(err, exportlog.ErrNoProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProveConsistency(t *testing.T) {
	b, key := memworm.New(), checkpointKey(t)
	var notes [][]byte
	l := openWith(t, b, key)
	for _, more := range []int{1, 2, 254, 300, 700} {
		batch := make([]exportlog.Row, more)
		for i := range batch {
			batch[i] = export("p", fmt.Sprintf("%d-%d", more, i))
		}
		if _, err := l.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		c, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, c.Note)
	}
	cold := openWith(t, b, key)
	for i, older := range notes {
		for _, newer := range notes[i:] {
			o, _ := key.ParseCheckpoint(older)
			n, _ := key.ParseCheckpoint(newer)
			proof, err := cold.ProveConsistency(t.Context(), o.Size, n.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := exportlog.VerifyConsistency(proof, older, newer, key); err != nil {
				t.Errorf("%d to %d: %v", o.Size, n.Size, err)
			}
			if o.Size == n.Size {
				continue
			}
			if err := exportlog.VerifyConsistency(proof, newer, older, key); !errors.Is(err, exportlog.ErrNoProof) {
				t.Errorf("backwards: %v", err)
			}
			proof.Hashes[0][5] ^= 1
			if err := exportlog.VerifyConsistency(proof, older, newer, key); !errors.Is(err, exportlog.ErrNoProof) {
				t.Errorf("forged: %v", err)
			}
		}
	}
	for _, sizes := range [][2]int64{{0, 5}, {5, 4}, {1, 9999}} {
		if _, err := cold.ProveConsistency(t.Context(), sizes[0], sizes[1]); err == nil {
			t.Errorf("proved %v", sizes)
		}
	}
	if _, err := cold.ProveRow(t.Context(), 4, 3); err == nil {
		t.Error("proved row 4 of 3")
	}
}

// A checkpoint is a file that says the same whenever it is signed.
func TestCheckpoint(t *testing.T) {
	b, key := memworm.New(), checkpointKey(t)
	fill(t, openWith(t, b, key), 3)
	first, err := openWith(t, b, key).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := openWith(t, b, key).Checkpoint(t.Context())
	if err != nil || !bytes.Equal(first.Note, again.Note) {
		t.Errorf("again: %v", err)
	}
	if want := "log.example/release\n3\n"; !strings.HasPrefix(string(first.Note), want) {
		t.Errorf("the note is %q", first.Note)
	}
	latest, err := openWith(t, b, key).LatestCheckpoint(t.Context())
	if err != nil || latest.Size != 3 {
		t.Errorf("the latest is %+v, %v", latest, err)
	}
	if _, err := open(t, b).Checkpoint(t.Context()); err == nil {
		t.Error("signed without a key")
	}
	for _, pair := range [][2]string{{"x", "y"}, {"", ""}} {
		if _, err := exportlog.NewCheckpointKey(pair[0], pair[1]); err == nil {
			t.Errorf("took %v for keys", pair)
		}
	}
}

// Another writer's checkpoint, signed while ours is on its way, is of a log that has
// grown, not of one that was cut off.
func TestCheckpointWhileOthersSign(t *testing.T) {
	b, key := memworm.New(), checkpointKey(t)
	rival := openWith(t, b, key)
	fill(t, rival, 3)
	l := openWith(t, &beforeList{Driver: b, prefix: "log/checkpoints/", do: func() {
		if _, err := rival.Append(t.Context(), export("later", "later")); err != nil {
			t.Error(err)
		}
		if _, err := rival.Checkpoint(t.Context()); err != nil {
			t.Error(err)
		}
	}}, key)
	if _, err := l.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Checkpoint(t.Context()); err != nil || c.Size != 4 {
		t.Errorf("signed %+v, %v", c, err)
	}
}
