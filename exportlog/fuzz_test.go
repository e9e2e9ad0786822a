package exportlog_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Whatever bytes lie where a commit should be, they are read as rows or named as
// damage, and never both taken and changed.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"schema_version":1,"export_row_id":1,"kind":"export","idempotency_key":"k"}` + "\n"))
	f.Add([]byte(`{"schema_version":1,"export_row_id":1,"idempotency_key":"k","prev_row_sha256":"` + worm.Sum(nil).String() + "\"}\n"))
	f.Add([]byte("\n\n\n"))
	f.Add([]byte(`{"export_row_id":9223372036854775807,"schema_version":1,"idempotency_key":"k"}` + "\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := memworm.New()
		b.Overwrite(commit(1), body)
		l := open(t, b)
		report, err := l.Verify(t.Context(), exportlog.Scope{})
		if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
			t.Fatal(err)
		}
		var read []byte
		for r, rowErr := range l.Rows(t.Context(), 1) {
			if rowErr == nil {
				read = append(read, r.Line()...)
			}
		}
		intact := !report.Head.Root.IsZero() // what is not locked, as here, may be intact all the same
		if intact && !bytes.Equal(read, body) {
			t.Errorf("%d rows were found intact in %q, and read as %q", report.Head.Size, body, read)
		}
		if _, err := l.Append(t.Context(), export("a", "k-fuzz")); err == nil && !intact {
			t.Error("appended to a damaged log")
		}
	})
}
