package archive_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// The test binary doubles as the processes that tests start: a job's name in
// the environment, and what it needs with it.
const jobVariable = "HOLDFAST_TEST_JOB"

func TestMain(m *testing.M) {
	job := os.Getenv(jobVariable)
	if job == "" {
		os.Exit(m.Run())
	}
	if err := runJob(context.Background(), job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start prepares another process for a job in a bucket with a key.
func start(t testing.TB, job, bucket, key string, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), jobVariable+"="+job, "HOLDFAST_BUCKET="+bucket, "HOLDFAST_KEY="+key)
	cmd.Env = append(cmd.Env, more...)
	cmd.Stderr = os.Stderr
	return cmd
}

func runJob(ctx context.Context, job string) error {
	if job == "flapping" {
		return flappingJob(ctx)
	}
	driver, err := fileworm.New(os.Getenv("HOLDFAST_BUCKET"))
	if err != nil {
		return err
	}
	switch job {
	case "crowd":
		return crowdJob(ctx, driver)
	case "killed":
		return killedJob(ctx, driver)
	case "spool":
		return spoolJob(ctx, driver)
	case "drain":
		return drainJob(ctx, driver)
	case "replicate":
		return replicateJob(ctx, driver)
	}
	return fmt.Errorf("no job %q", job)
}

func openJob(ctx context.Context, driver worm.Driver) (*archive.Archive, error) {
	signer, err := manifest.LoadOrCreateKey(os.Getenv("HOLDFAST_KEY"))
	if err != nil {
		return nil, err
	}
	store, err := worm.New(ctx, driver)
	if err != nil {
		return nil, err
	}
	cfg := archive.Config{
		Policy: everything(), Signer: signer, Operator: "release-ops/test", Clock: func() time.Time { return noon },
		Spool: archive.Spool{Dir: os.Getenv("HOLDFAST_SPOOL")},
	}
	if private, public, ok := strings.Cut(os.Getenv("HOLDFAST_LOG_KEY"), "\n"); ok {
		if cfg.Checkpoints, err = exportlog.NewCheckpointKey(private, public); err != nil {
			return nil, err
		}
	}
	return archive.OpenStore(store, cfg)
}

// distinct counts what is written, each write once. Two that want the same object at the
// same time both write it, or one finds the other's: that is as chance has it.
type distinct struct {
	mu      sync.Mutex
	written map[string]bool
}

// add counts a write, and reports whether it is the first of its kind.
func (c *distinct) add(op wormtest.Op) (n int, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written == nil {
		c.written = map[string]bool{}
	}
	what := op.Name + " " + op.Key
	first = !c.written[what]
	c.written[what] = true
	return len(c.written), first
}

// killPoint kills this process, as kill -9 does, before or after its nth write.
func killPoint(driver worm.Driver) (worm.Driver, error) {
	n, err := strconv.Atoi(os.Getenv("HOLDFAST_KILL_AT"))
	if err != nil {
		return nil, err
	}
	var writes distinct
	die := func(op wormtest.Op) {
		if at, first := writes.add(op); first && at == n {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if os.Getenv("HOLDFAST_KILL") == "before" {
		return &wormtest.Faulty{Driver: driver, Before: die}, nil
	}
	return &wormtest.Faulty{Driver: driver, After: die}, nil
}
