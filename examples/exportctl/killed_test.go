package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exhibitBytes is the size of the large exhibit: 2 GiB takes half a minute of hashing
// and writing, so HOLDFAST_TEST_BIG=1 asks for it.
func exhibitBytes() int64 {
	switch {
	case os.Getenv("HOLDFAST_TEST_BIG") == "1":
		return 2 << 30
	case testing.Short():
		return 16 << 20
	}
	return 64 << 20
}

// shop is a bucket with keys, and exportctl as a process of its own over it.
type shop struct {
	*testing.T
	dir string
	env []string
}

func newShop(t *testing.T) shop {
	s := shop{T: t, dir: t.TempDir(), env: os.Environ()}
	if err := furnish(s.dir, func(name, value string) { s.env = append(s.env, name+"="+value) }); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s shop) command(args ...string) *exec.Cmd {
	c := exec.Command("exportctl", args...)
	c.Dir, c.Env = s.dir, s.env
	return c
}

// run runs a command that must succeed, and returns its output and how long it took.
func (s shop) run(args ...string) (string, time.Duration) {
	s.Helper()
	begun := time.Now()
	out, err := s.command(args...).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		s.Fatalf("exportctl %s: %v\n%s%s", strings.Join(args, " "), err, out, exit.Stderr)
	}
	return string(out), time.Since(begun)
}

// killAt kills a command, as kill -9 does, at a random moment of the time that it
// may take, and reports whether it was still running.
func (s shop) killAt(within time.Duration, args ...string) bool {
	s.Helper()
	c := s.command(args...)
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	time.Sleep(rand.N(within))
	_ = c.Process.Kill() // it may have come to its end
	_ = c.Wait()
	return !c.ProcessState.Exited()
}

// rowsOf counts the rows of a kind in the log.
func (s shop) rowsOf(kind, about string) (n int) {
	s.Helper()
	err := filepath.WalkDir(filepath.Join(s.dir, "bucket/log/commits"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".jsonl" {
			return err
		}
		b, err := os.ReadFile(path)
		for line := range strings.Lines(string(b)) {
			var row struct{ Kind string }
			if json.Unmarshal([]byte(line), &row) == nil && row.Kind == kind && strings.Contains(line, about) {
				n++
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return n
}

func (s shop) packets() []string {
	all := []string{"export", "--skip-refused"}
	samples, err := filepath.Glob("../../archive/testdata/packets/packet-0*")
	if err != nil {
		s.Fatal(err)
	}
	for _, p := range samples {
		abs, err := filepath.Abs(p)
		if err != nil {
			s.Fatal(err)
		}
		all = append(all, abs)
	}
	return all
}

const kills = 6

// Killed at any point, hold, verify and seal are run again: they complete, nothing is
// there twice, and the evidence is as it was written.
func TestKilledWhileKeeping(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(s.packets()...)
	exports := s.rowsOf("export", "")
	hold := func(matter string) []string {
		return []string{"hold", "--all", "--matter", matter, "--reason", "claim", "--by", "legal/counsel"}
	}
	_, holding := s.run(hold("CASE-0")...)
	_, verifying := s.run("verify")
	_, sealing := s.run("seal")
	running := 0
	for i := range kills {
		matter := "CASE-" + string(rune('A'+i))
		for _, killed := range []bool{
			s.killAt(holding, hold(matter)...), s.killAt(sealing, "seal"), s.killAt(verifying, "verify"),
		} {
			if killed {
				running++
			}
		}
		s.run(hold(matter)...)
		if n := s.rowsOf("hold", `"`+matter+`"`); n != exports {
			t.Errorf("%s has %d rows for %d exports", matter, n, exports)
		}
	}
	s.run("seal")
	s.run("verify")
	t.Logf("%d of %d were killed while they ran", running, 3*kills)
}

// bigPacket makes a packet with one large exhibit, and returns its export.
func (s shop) bigPacket() []string { return s.packetOf(exhibitBytes()) }

// packetOf makes a packet with one exhibit of a size, and returns its export.
func (s shop) packetOf(exhibit int64) []string {
	s.Helper()
	dir := filepath.Join(s.dir, "big")
	const document = `{"promotion_packet_id": "pp-big", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z"}`
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "exhibits"), 0o755), os.WriteFile(filepath.Join(dir, "packet.json"), []byte(document), 0o644),
		os.WriteFile(filepath.Join(dir, "exhibits/recording.bin"), nil, 0o644), os.Truncate(filepath.Join(dir, "exhibits/recording.bin"), exhibit))
	if err != nil {
		s.Fatal(err)
	}
	return []string{"export", dir}
}

// waitForExhibit waits until a command that was started is writing the large exhibit, and
// returns what tells of its end.
func (s shop) waitForExhibit(c *exec.Cmd) <-chan error {
	s.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case err := <-ended:
			s.Fatalf("it ended before anything was written: %v", err)
		case <-time.After(time.Millisecond):
		}
		begun, err := filepath.Glob(filepath.Join(s.dir, "bucket/packets/pp-big/*/exhibits"))
		if err == nil && len(begun) > 0 {
			return ended
		}
	}
}

// Killed at any point, the export of a large exhibit is run again: one row, and all of it
// is confirmed.
func TestKilledWhileExportingALargeExhibit(t *testing.T) {
	t.Parallel()
	other := newShop(t)
	_, exporting := other.run(other.bigPacket()...)
	s := newShop(t)
	export, running := s.bigPacket(), 0
	writing := s.command(export...)
	if err := writing.Start(); err != nil {
		t.Fatal(err)
	}
	ended := s.waitForExhibit(writing)
	if err := writing.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	for range kills {
		if s.killAt(exporting*2/3, export...) {
			running++
		}
	}
	out, finishing := s.run(export...)
	if s.run(export...); !strings.Contains(out, "row 1 ") {
		t.Errorf("at last it says:\n%s", out)
	}
	if n := s.rowsOf("export", ""); n != 1 {
		t.Errorf("%d rows for one export", n)
	}
	s.verified()
	s.nothingLeft()
	t.Logf("one was killed while it wrote the exhibit, and %d of %d at random moments; an export of %d bytes takes %v, the last %v",
		running, kills, exhibitBytes(), exporting.Round(time.Millisecond), finishing.Round(time.Millisecond))
}

// verified checks that the whole bucket is as it was written, and that a killed check of it
// has done no harm.
func (s shop) verified() {
	s.Helper()
	_, took := s.run("verify")
	s.killAt(took, "verify")
	s.run("verify")
}

// nothingLeft checks that what writers that were killed had begun is swept by the next one,
// an hour later; and that all the bucket takes on disk then is the evidence.
func (s shop) nothingLeft() {
	s.Helper()
	bucket, anHourAgo := filepath.Join(s.dir, "bucket"), time.Now().Add(-2*time.Hour)
	staged, err := filepath.Glob(filepath.Join(bucket, ".staging/*"))
	if err != nil {
		s.Fatal(err)
	}
	for _, path := range staged {
		if err := os.Chtimes(path, anHourAgo, anHourAgo); err != nil {
			s.Fatal(err)
		}
	}
	s.run("seal")
	var bytes int64
	err = filepath.WalkDir(bucket, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if spare := int64(1 << 20); err != nil || bytes > exhibitBytes()+spare {
		s.Errorf("%d files were staged, and the bucket has %d bytes for an exhibit of %d: %v", len(staged), bytes, exhibitBytes(), err)
	}
}

// Ctrl-C while a large exhibit is written ends with 130 and says how to go on; and that is
// so.
func TestInterruptedExportSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	export := s.bigPacket()
	c := s.command(export...)
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := s.waitForExhibit(c)
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-ended
	if c.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(errs.String(), "Run the same command again") {
		t.Errorf("exit status %d, and it says:\n%s", c.ProcessState.ExitCode(), errs.String())
	}
	s.run(export...)
	s.run("verify")
	if n := s.rowsOf("export", ""); n != 1 {
		t.Errorf("%d rows for one export", n)
	}
}
