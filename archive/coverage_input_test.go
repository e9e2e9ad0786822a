package archive_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Bad input ends the reading with an error that says where it is and what is wrong.
func TestCoverageBadInput(t *testing.T) {
	const names = "promotion_packet_id,promotion_decision,promotion_decision_at_utc,retention_class\n"
	const good = "pp-1,promote,2026-08-10T10:00:00Z,\n"
	decisionsCSV := func(s string) error { return lastError(archive.ReadDecisionsCSV(strings.NewReader(s))) }
	decisionsJSONL := func(s string) error { return lastError(archive.ReadDecisionsJSONL(strings.NewReader(s))) }
	incidentsJSONL := func(s string) error { return lastError(archive.ReadIncidentsJSONL(strings.NewReader(s))) }
	for name, c := range map[string]struct {
		read                func(string) error
		file, source, field string
		want                error
	}{
		"CSV: a column is missing":       {decisionsCSV, "promotion_packet_id,promotion_decision\n", "line 1", "promotion_decision_at_utc", archive.ErrMissing},
		"CSV: a column is there twice":   {decisionsCSV, "promotion_packet_id,promotion_packet_id\n", "line 1", "promotion_packet_id", archive.ErrMalformed},
		"CSV: no id":                     {decisionsCSV, names + good + ",promote,2026-08-10T10:00:00Z,\n", "line 3", "promotion_packet_id", archive.ErrMissing},
		"CSV: no time":                   {decisionsCSV, names + "pp-1,promote,,\n", "line 2", "promotion_decision_at_utc", archive.ErrMissing},
		"CSV: a time of no kind":         {decisionsCSV, names + "\n\n" + good + "pp-1,promote,noon,\n", "line 5", "promotion_decision_at_utc", archive.ErrMalformed},
		"CSV: another zone":              {decisionsCSV, names + "pp-1,promote,2026-08-10T10:00:00+02:00,\n", "line 2", "promotion_decision_at_utc", archive.ErrMalformed},
		"CSV: an unknown class":          {decisionsCSV, names + "pp-1,promote,2026-08-10T10:00:00Z,eternal\n", "line 2", "retention_class", archive.ErrMalformed},
		"CSV: a field too many":          {decisionsCSV, names + good + "pp-1,promote,2026-08-10T10:00:00Z,,\n", "line 3", "", archive.ErrMalformed},
		"CSV: a quote within":            {decisionsCSV, names + "pp\"-1,promote,2026-08-10T10:00:00Z,\n", "line 2", "", archive.ErrMalformed},
		"CSV: not UTF-8":                 {decisionsCSV, names + "pp-\xff,promote,2026-08-10T10:00:00Z,\n", "line 2", "promotion_packet_id", archive.ErrMalformed},
		"CSV: an id beyond bounds":       {decisionsCSV, names + strings.Repeat("p", archive.MaxDecisionIDBytes+1) + ",promote,2026-08-10T10:00:00Z,\n", "line 2", "promotion_packet_id", archive.ErrTooLarge},
		"CSV: a quote that never closes": {decisionsCSV, names + good + "\"" + strings.Repeat("pp-1,promote\n", archive.MaxRecordBytes/8), "after line 2", "", archive.ErrTooLarge},
		"JSONL: a line beyond bounds":    {decisionsJSONL, "\n" + strings.Repeat(" ", archive.MaxRecordBytes), "line 2", "", archive.ErrTooLarge},
		"JSONL: no object":               {decisionsJSONL, "[]\n", "line 1", "", archive.ErrMalformed},
		"JSONL: null":                    {decisionsJSONL, "\nnull\n", "line 2", "", archive.ErrMalformed},
		"JSONL: cut off":                 {decisionsJSONL, `{"promotion_packet_id": "pp-1`, "line 1", "promotion_packet_id", archive.ErrMalformed},
		"JSONL: a name twice":            {decisionsJSONL, `{"promotion_packet_id": "a", "promotion_packet_id": "b"}`, "line 1", "promotion_packet_id", archive.ErrMalformed},
		"JSONL: a number for an id":      {decisionsJSONL, `{"promotion_packet_id": 7}`, "line 1", "promotion_packet_id", archive.ErrMalformed},
		"JSONL: an empty object":         {decisionsJSONL, `{}`, "line 1", "promotion_packet_id", archive.ErrMissing},
		"incidents: one without its id":  {incidentsJSONL, "{\"type\": \"deploy\"}\n{\"type\": \"incident\", \"rollback_event_id\": \"rb-1\"}", "line 2", "incident_ticket_id", archive.ErrMissing},
		"incidents: a rollback without":  {incidentsJSONL, `{"type": "rollback"}`, "line 1", "rollback_event_id", archive.ErrMissing},
		"incidents: a time of no kind":   {incidentsJSONL, `{"type": "rollback", "rollback_event_id": "rb", "at_utc": "noon"}`, "line 1", "at_utc", archive.ErrMalformed},
	} {
		err := c.read(c.file)
		var problem *archive.PacketError
		if !errors.Is(err, c.want) || !errors.As(err, &problem) || problem.Source != c.source || problem.Field != c.field {
			t.Errorf("%s: %v (%+v)", name, err, problem)
		}
	}
	if err := decisionsCSV(""); !errors.Is(err, archive.ErrMalformed) {
		t.Errorf("an empty CSV file: %v", err)
	}
	for name, err := range map[string]error{"CSV": decisionsCSV("\ufeff" + names + good), "JSONL": decisionsJSONL("\ufeff{\"promotion_packet_id\":\"pp-1\",\"more\":[1]}\r\n\r\n")} {
		if err != nil {
			t.Errorf("good %s: %v", name, err)
		}
	}
}

func lastError[T any](values iter.Seq2[T, error]) (last error) {
	for _, err := range values {
		last = err
	}
	return last
}

// An error on the way is returned, and nothing is found.
func TestCoverageInputErrors(t *testing.T) {
	a := withClock(t, policy.Default())
	broken := errors.New("the register is on fire")
	good := each([]archive.Decision{decided("pp", "promote", ten)})
	failing := func(yield func(archive.Decision, error) bool) { yield(archive.Decision{}, broken) }
	for name, c := range map[string]struct {
		in   archive.CoverageInput
		want string
	}{
		"no decisions":      {archive.CoverageInput{}, "Decisions is nil"},
		"a broken register": {archive.CoverageInput{Decisions: failing}, "on fire"},
		"an empty window":   {archive.CoverageInput{Decisions: good, From: ten, To: ten}, "window is empty"},
		"a bad decision":    {archive.CoverageInput{Decisions: each([]archive.Decision{decided("pp", "promote", ten), decided("", "promote", ten)})}, "decision 2"},
		"a year too far":    {archive.CoverageInput{Decisions: each([]archive.Decision{decided("pp", "promote", ten.AddDate(9000, 0, 0))})}, "year"},
		"a bad incident":    {archive.CoverageInput{Decisions: good, Incidents: each([]archive.Incident{{PromotionPacketID: "pp"}})}, "incident 1"},
	} {
		var report archive.CoverageReport
		if _, err := a.Coverage(t.Context(), c.in, &report); err == nil || !strings.Contains(err.Error(), c.want) || len(report.Found) > 0 {
			t.Errorf("%s: %v, %v", name, err, report.Found)
		}
	}
}

// many takes n decisions, and calls then.
func many(n int, then func() error) iter.Seq2[archive.Decision, error] {
	return func(yield func(archive.Decision, error) bool) {
		for i := range n {
			if !yield(decidedNumber(i), nil) {
				return
			}
		}
		if err := then(); err != nil {
			yield(archive.Decision{}, err)
		}
	}
}

// Whatever goes wrong, no temporary file is left, by name or held open.
func TestCoverageLeavesNoTemporaryFiles(t *testing.T) {
	const n = 20_000
	broken := errors.New("the pipe is closed")
	fine := func() error { return nil }
	for name, c := range map[string]struct {
		then func(cancel func()) error // once all decisions were read
		out  archive.CoverageOutput
		want error
	}{
		"all goes well":          {func(func()) error { return nil }, nil, nil},
		"the input breaks off":   {func(func()) error { return broken }, nil, broken},
		"the output breaks off":  {func(func()) error { return nil }, brokenOutput{broken}, broken},
		"the caller has enough":  {func(cancel func()) error { cancel(); return nil }, nil, context.Canceled},
		"nobody reads the table": {func(func()) error { return nil }, archive.CoverageCSV(brokenWriter{broken}), broken},
	} {
		t.Run(name, func(t *testing.T) {
			a, dir := withClock(t, policy.Default()), t.TempDir()
			a.log(t, ten, exported("pp-0000000", "promote", 0))
			*a.now = noon
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			in := archive.CoverageInput{Decisions: many(n, func() error { return c.then(cancel) }), TempDir: dir}
			if _, err := a.Coverage(ctx, in, c.out); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			noFiles(t, dir)
		})
	}
	t.Run("no directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := withClock(t, policy.Default()).Coverage(t.Context(), archive.CoverageInput{Decisions: many(n, fine), TempDir: file}, nil)
		if err == nil || !strings.Contains(err.Error(), "TempDir") {
			t.Error(err)
		}
	})
}

// A disk without room is an error that names the directory, and leaves nothing there.
// The limit is one of the whole process, so the test has one of its own.
func TestCoverageWithoutRoom(t *testing.T) {
	const alone = "HOLDFAST_TEST_WITHOUT_ROOM"
	if os.Getenv(alone) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestCoverageWithoutRoom$")
		cmd.Env = append(os.Environ(), alone+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	dir := t.TempDir()
	decisions := many(20_000, func() error { return nil })
	limitFiles(t, 64<<10)
	_, err := withClock(t, policy.Default()).Coverage(t.Context(), archive.CoverageInput{Decisions: decisions, TempDir: dir}, nil)
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "TempDir") {
		t.Error(err)
	}
	noFiles(t, dir)
}

// noFiles checks that nothing is left in a directory, nor held open below it.
func noFiles(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	open, err := filepath.Glob("/proc/self/fd/*") // nothing where there is no /proc
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if name, _ := os.Readlink(fd); strings.HasPrefix(name, dir) {
			t.Errorf("still open: %s", name)
		}
	}
}

// limitFiles keeps the files of this process from growing, as a full disk does.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit.Cur = bytes
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

type brokenOutput struct{ err error }

func (b brokenOutput) Finding(archive.CoverageFinding) error { return b.err }
func (b brokenOutput) Summary(archive.CoverageSummary) error { return nil }

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

// On a damaged log what can be read is compared, and the error says what could not.
func TestCoverageOfADamagedLog(t *testing.T) {
	dir := t.TempDir()
	cfg := config(t)
	a := inDirectory(t, dir, cfg)
	for i, id := range []string{"pp-1", "pp-2", "pp-3"} {
		row := exported(id, "promote", time.Duration(i))
		row.IdempotencyKey, row.ReconstructedBy = id, "x/y"
		if _, err := a.Log().Append(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log/commits/000/000/000/002.jsonl")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var report archive.CoverageReport
	_, err := inDirectory(t, dir, cfg).Coverage(t.Context(), archive.CoverageInput{
		Decisions: each([]archive.Decision{decided("pp-1", "promote", ten), decided("pp-2", "promote", ten), decided("pp-3", "promote", ten)}),
	}, &report)
	if !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("%v", err)
	}
	wantKinds(t, report, "reconstructed: pp-1", "missing: pp-2", "reconstructed: pp-3")
}

func FuzzReadDecisions(f *testing.F) {
	f.Add([]byte("promotion_packet_id,promotion_decision,promotion_decision_at_utc\npp-1,promote,2026-08-10T10:00:00Z\n\"pp\n2\",,\n"))
	f.Add([]byte(`{"promotion_packet_id":"pp-1","promotion_decision":"promote","promotion_decision_at_utc":"2026-08-10T10:00:00Z","rollback_event_id":"rb"}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, read := range []func() iter.Seq2[archive.Decision, error]{
			func() iter.Seq2[archive.Decision, error] {
				return archive.ReadDecisionsCSV(strings.NewReader(string(file)))
			},
			func() iter.Seq2[archive.Decision, error] {
				return archive.ReadDecisionsJSONL(strings.NewReader(string(file)))
			},
		} {
			for d, err := range read() {
				if err == nil && (d.PromotionPacketID == "" || d.PromotionDecision != "" && d.PromotionDecisionAtUTC.IsZero()) {
					t.Errorf("read as %+v", d)
				}
			}
		}
		for i, err := range archive.ReadIncidentsJSONL(strings.NewReader(string(file))) {
			if err == nil && i.IncidentTicketID == "" && i.RollbackEventID == "" {
				t.Errorf("read as %+v", i)
			}
		}
	})
}
