package exportlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

const (
	processes = 8
	callers   = 16 // in each process
)

// The test binary doubles as the processes that tests start: a bucket's address
// in the environment, and who they are.
func TestMain(m *testing.M) {
	address := os.Getenv("HOLDFAST_CROWD_BUCKET")
	if address == "" {
		os.Exit(m.Run())
	}
	if err := crowdJob(context.Background(), address, os.Getenv("HOLDFAST_CROWD_WHO")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crowdJob appends rows from many callers: every other one the same that all
// processes append, and those between its own.
func crowdJob(ctx context.Context, address, who string) error {
	store, err := worm.Open(ctx, address)
	for try := 0; err != nil && try < 20; try++ { // opening asks the bucket, too
		store, err = worm.Open(ctx, address)
	}
	if err != nil {
		return err
	}
	each, err := strconv.Atoi(os.Getenv("HOLDFAST_CROWD_EACH"))
	if err != nil {
		return err
	}
	l := exportlog.Open(store, exportlog.Config{Patience: 2 * time.Minute})
	failed := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				key := fmt.Sprintf("shared-%d-%d", c, i)
				if i%2 == 1 {
					key = fmt.Sprintf("own-%s-%d-%d", who, c, i)
				}
				failed[c] = errors.Join(failed[c], appendUntilKnown(ctx, l, key))
			}
		})
	}
	wg.Wait()
	return errors.Join(errors.Join(failed...), l.Close(), store.Close())
}

// appendUntilKnown is what callers do with an outcome that is not known, or a
// store that was busy for too long: append the same again.
func appendUntilKnown(ctx context.Context, l *exportlog.Log, key string) (err error) {
	for range 20 {
		if _, err = l.Append(ctx, export(key, key)); err == nil || errors.Is(err, exportlog.ErrDamaged) {
			return err
		}
	}
	return err
}

// crowd runs the processes and checks that the log has each row once.
func crowd(t *testing.T, address string, calm string, each int) {
	t.Helper()
	var running []*exec.Cmd
	for who := range processes {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "HOLDFAST_CROWD_BUCKET="+address, fmt.Sprint("HOLDFAST_CROWD_WHO=", who), fmt.Sprint("HOLDFAST_CROWD_EACH=", each))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for who, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", who, err)
		}
	}
	store, err := worm.Open(t.Context(), calm)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l := exportlog.Open(store, exportlog.Config{})
	defer l.Close()
	rows := allRows(t, l)
	wholeAndGapless(t, rows)
	shared := (each + 1) / 2
	if want := callers * (shared + processes*(each-shared)); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	if err := l.Seal(t.Context()); err != nil {
		t.Error(err)
	}
	report, err := l.Verify(t.Context(), exportlog.Scope{})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d rows in %d commits, %d derived objects", report.Rows, report.Commits, report.Derived)
}

// Eight processes with sixteen callers each, at one directory.
func TestFailureManyProcessesOnOneDirectory(t *testing.T) {
	address := "file://" + t.TempDir()
	each := 8
	if testing.Short() {
		each = 2
	}
	crowd(t, address, address, each)
}

// The same on S3, over a network that fails every twentieth request. HOLDFAST_TEST_BIG=1 has
// each caller append twice as many rows.
func TestFailureManyProcessesOnS3InAStorm(t *testing.T) {
	each := 6
	switch {
	case os.Getenv("HOLDFAST_TEST_BIG") == "1":
		each = 12
	case testing.Short():
		each = 2
	}
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	endpoint := servers.Versity(t)
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("log"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	kinds := []faultproxy.Fault{faultproxy.Refuse, faultproxy.Drop, faultproxy.Fail, faultproxy.Duplicate, faultproxy.Delay, faultproxy.Conflict, faultproxy.SlowDown, faultproxy.TooMany, faultproxy.SlowBody}
	proxy := faultproxy.Start(t, endpoint, func(*http.Request) faultproxy.Fault {
		if rand.IntN(20) > 0 {
			return faultproxy.None
		}
		return kinds[rand.IntN(len(kinds))]
	})
	at := func(endpoint string) string {
		return "s3://log?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(endpoint)
	}
	crowd(t, at(proxy.URL), at(endpoint), each)
	proxy.Settle()
	t.Logf("%d faults", proxy.Injected())
}
