package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// pty is a terminal that a command runs on.
type pty struct {
	*testing.T
	master, slave *os.File

	mu   sync.Mutex
	seen bytes.Buffer
	done chan struct{}
}

// newPTY opens a terminal of a width.
func newPTY(t *testing.T, columns int) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pty{T: t, master: master, slave: slave, done: make(chan struct{})}
	p.resize(columns)
	go p.read()
	return p
}

func (p *pty) resize(columns int) {
	p.Helper()
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
		p.Fatal(err)
	}
}

func (p *pty) read() {
	defer close(p.done)
	b := make([]byte, 4096)
	for {
		n, err := p.master.Read(b)
		p.mu.Lock()
		p.seen.Write(b[:n])
		p.mu.Unlock()
		if err != nil {
			return // the last writer has gone
		}
	}
}

func (p *pty) sofar() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.ReplaceAll(p.seen.String(), "\r\n", "\n")
}

// close waits for all that was written.
func (p *pty) close() string {
	p.slave.Close()
	<-p.done
	p.master.Close()
	return p.sofar()
}

// wipes is what takes the bar away.
const wipes = "\r\x1b[K"

// left is what stays on the terminal: without the bars that were taken away again.
func left(seen string) string {
	var b strings.Builder
	for line := range strings.Lines(seen) {
		b.WriteString(line[max(strings.LastIndex(line, wipes), 0):])
	}
	return strings.ReplaceAll(b.String(), wipes, "")
}

// On a terminal there is colour, and lines fit; with NO_COLOR, or on a dumb terminal, the
// same without any escape.
func TestOnATerminal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run(s.packets()...)
	for _, c := range []struct {
		env    string
		colour bool
	}{{"TERM=xterm", true}, {"NO_COLOR=1", false}, {"TERM=dumb", false}} {
		for _, columns := range []int{80, 120} {
			p := newPTY(t, columns)
			show := s.command("confirm", "2")
			show.Stdout, show.Stderr = p.slave, p.slave
			show.Env = append(show.Env, "TERM=xterm", c.env)
			if err := show.Run(); err != nil {
				t.Error(err)
			}
			page := left(p.close())
			if strings.Contains(page, "\x1b[") != c.colour {
				t.Errorf("%s: colour is %v: %q", c.env, !c.colour, page)
			}
			for line := range strings.Lines(page) {
				if n := len([]rune(line)); n > columns+20 && len(strings.Fields(line)) > 2 {
					t.Errorf("%s: a line of %d at %d columns: %q", c.env, n, columns, line)
				}
			}
		}
	}
}

// watch runs an export of an exhibit with standard error on a terminal, until the bar was
// seen.
func (s shop) watch(p *pty, exhibit int64, out *bytes.Buffer) (c *exec.Cmd, ended <-chan error) {
	s.Helper()
	c = s.command(append(s.packetOf(exhibit), "--json")...)
	c.Stdout, c.Stderr = out, p.slave
	c.Env = append(c.Env, "TERM=xterm")
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- c.Wait() }()
	for !strings.Contains(p.sofar(), "MiB/s") {
		select {
		case err := <-over:
			s.Skipf("it was done (%v) before there was a bar", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return c, over
}

// While results go into a pipe, the bar is drawn on the terminal and fits it, also when that
// is made narrower; nothing of it stays.
func TestBarOnATerminal(t *testing.T) {
	s, p := newShop(t), newPTY(t, 100)
	var out bytes.Buffer
	_, ended := s.watch(p, 128<<20, &out)
	wide := len(p.sofar())
	p.resize(40)
	time.Sleep(300 * time.Millisecond)
	narrow := len(p.sofar())
	if err := <-ended; err != nil {
		t.Error(err)
	}
	seen := p.close()
	if rest := left(seen); rest != "" {
		t.Errorf("this stays on the terminal: %q", rest)
	}
	if !strings.Contains(seen[:wide], "exporting") || !strings.Contains(seen[:wide], "MiB of ") {
		t.Errorf("the bar is %q", seen[:wide])
	}
	for _, bar := range strings.Split(seen[narrow:], wipes) {
		if len([]rune(bar)) >= 40 {
			t.Errorf("at 40 columns: %q", bar)
		}
	}
	if strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `"export_row_id": 1`) {
		t.Errorf("in the pipe: %q", out.String())
	}
}

// Ctrl-C takes the bar away before it says how to go on.
func TestInterruptedBar(t *testing.T) {
	s, p := newShop(t), newPTY(t, 100)
	var out bytes.Buffer
	c, ended := s.watch(p, 1<<30, &out) // it must not come to its end before it is told
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-ended
	page := left(p.close())
	if c.ProcessState.ExitCode() != exitInterrupted || !strings.HasPrefix(page, "{\n") || !strings.HasSuffix(page, "}\n") || !strings.Contains(page, "Run the same command again") {
		t.Errorf("exit status %d, and on the terminal stays %q", c.ProcessState.ExitCode(), page)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "bucket/log/commits")); err == nil {
		t.Error("it was logged")
	}
}

// On a terminal many findings that say the same do not push out the others.
func TestFindingsOnATerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	p := newPTY(t, 80)
	if err := screen.New(p.slave, p.slave).Show(nil, drawSevered); err != nil {
		t.Fatal(err)
	}
	page := p.close()
	if lines := strings.Count(page, "\n"); lines > 20 || !strings.Contains(page, "… and 35 more: --json names them all\n") || !strings.Contains(page, "✗ truncated  row 77\n") {
		t.Errorf("%d lines:\n%s", lines, page)
	}
}
