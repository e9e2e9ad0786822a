package archive_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// deadline is what every call has in the flapping test.
const deadline = 2 * time.Second

// flappingJob exports its share of packets with little time for each, spread over the
// time that the bucket flaps, and says of each how it went and how long it took.
func flappingJob(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cfg, err := flappingConfig()
	if err != nil {
		return err
	}
	opening, cancelOpening := context.WithTimeout(ctx, deadline)
	a, err := archive.Open(opening, os.Getenv("HOLDFAST_URL"), cfg)
	cancelOpening()
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(os.Getenv("HOLDFAST_PACKETS"))
	lasts, _ := time.ParseDuration(os.Getenv("HOLDFAST_LASTS"))
	began := time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(lasts * time.Duration(i) / time.Duration(n))))
		p, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": "own-%s-%d", "promotion_decision": "promote", "promotion_decision_at_utc": %q}`,
			os.Getenv("HOLDFAST_WHO"), i, time.Now().UTC().Format(time.RFC3339Nano)))
		if err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, deadline)
		called := time.Now()
		_, err = a.Export(call, p.With(exhibit("scorecard.pdf", "green")))
		took := time.Since(called)
		cancel()
		switch {
		case err == nil:
			fmt.Println("exported", took.Milliseconds())
		case errors.Is(err, archive.ErrPending):
			fmt.Println("pending", took.Milliseconds())
		default:
			return err
		}
	}
	return a.Close()
}

func flappingConfig() (archive.Config, error) {
	signer, err := manifest.LoadOrCreateKey(os.Getenv("HOLDFAST_KEY"))
	if err != nil {
		return archive.Config{}, err
	}
	f := everything().File()
	f.MaximumDelay = map[retention.Class]policy.Span{}
	for _, c := range retention.Classes() {
		f.MaximumDelay[c] = policy.Span(deadline)
	}
	p, err := policy.New(f)
	return archive.Config{Policy: p, Signer: signer, Operator: "release-ops/test", Spool: archive.Spool{Dir: os.Getenv("HOLDFAST_SPOOL"), Patience: 10 * time.Second}}, err
}

// The bucket is killed and started again at random while 8 processes export to it:
// every call returns in time, with a receipt or pending, and in the end each packet
// has one row, and says that it was late if it was.
//
// HOLDFAST_TEST_FLAPPING=1m has it last a minute, with 400 packets; otherwise it is 6
// seconds and 80.
func TestFlappingBucket(t *testing.T) {
	const processes = 8
	lasts, packets, full := 6*time.Second, 80, false
	if d, err := time.ParseDuration(os.Getenv("HOLDFAST_TEST_FLAPPING")); err == nil {
		lasts, packets, full = d, 400, true
	} else if testing.Short() {
		lasts, packets = 2*time.Second, 40
	}
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	t.Setenv("HOLDFAST_SPOOL", t.TempDir())
	key := filepath.Join(t.TempDir(), "key")
	t.Setenv("HOLDFAST_KEY", key)
	gateway := servers.NewGateway(t)
	gateway.Start(t)
	client := s3.New(s3.Options{
		BaseEndpoint: &gateway.Endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("release-evidence"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("s3://release-evidence?region=us-east-1&use_path_style=true&endpoint=%s", url.QueryEscape(gateway.Endpoint))
	gateway.Stop() // the first process finds it down

	var running []*exec.Cmd
	var said []*strings.Builder
	for who := range processes {
		cmd := start(t, "flapping", "", key, "HOLDFAST_URL="+address, fmt.Sprintf("HOLDFAST_WHO=%d", who),
			fmt.Sprintf("HOLDFAST_PACKETS=%d", packets/processes), "HOLDFAST_LASTS="+lasts.String())
		out := &strings.Builder{}
		cmd.Stdout = out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running, said = append(running, cmd), append(said, out)
	}
	outages := flap(t, gateway, lasts)
	for who, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", who, err)
		}
	}
	outcomes, longest := map[string]int{}, 0
	for _, out := range said {
		lines := bufio.NewScanner(strings.NewReader(out.String()))
		for lines.Scan() {
			how, ms, _ := strings.Cut(lines.Text(), " ")
			took, err := strconv.Atoi(ms)
			if err != nil {
				t.Fatal(err)
			}
			outcomes[how]++
			longest = max(longest, took)
		}
	}
	t.Logf("%d outages in %s; %v; the longest call took %d ms of %s", outages, lasts, outcomes, longest, deadline)
	if outcomes["exported"]+outcomes["pending"] != packets || outcomes["pending"] == 0 {
		t.Errorf("outcomes: %v", outcomes)
	}
	if full && longest > int(deadline.Milliseconds()) { // otherwise the machine may be busy; TestDeadlineIsKept is exact
		t.Errorf("a call took %d ms, and had %s", longest, deadline)
	}
	wantAllOnce(t, address, packets)
}

// flap kills the gateway and starts it again for a while, and leaves it running.
func flap(t *testing.T, gateway *servers.Gateway, lasts time.Duration) (outages int) {
	t.Helper()
	for end := time.Now().Add(lasts); time.Now().Before(end); outages++ {
		time.Sleep(time.Duration(rand.IntN(int(min(4*time.Second, lasts/3)))))
		gateway.Start(t)
		time.Sleep(time.Duration(rand.IntN(int(min(6*time.Second, lasts/3)))))
		gateway.Stop()
	}
	gateway.Start(t)
	return outages
}

func wantAllOnce(t *testing.T, address string, packets int) {
	t.Helper()
	cfg, err := flappingConfig()
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(t.Context(), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	before := len(rows(t, a))
	began := time.Now()
	receipts, err := a.Flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows before the last flush, which exported %d packets in %s", before, len(receipts), time.Since(began).Round(time.Millisecond))
	if got := waiting(t, a); got != "" {
		t.Errorf("still waiting: %s", got)
	}
	seen, late, manifests := map[string]bool{}, 0, map[string]bool{}
	for _, r := range rows(t, a) {
		if seen[r.PromotionPacketID] {
			t.Errorf("%s has two rows", r.PromotionPacketID)
		}
		seen[r.PromotionPacketID], manifests[r.ExportBatchID] = true, true
		e, err := a.Retrieve(t.Context(), r.ArchiveURI)
		if err != nil {
			t.Fatal(err)
		}
		wasLate := r.ExportedAtUTC.Sub(r.PromotionDecisionAtUTC) > deadline
		if says := strings.Contains(fmt.Sprint(e.Packet.Retention.Reasons), "LATE"); says != wasLate {
			t.Errorf("row %d: exported %s after the decision, and says %v", r.ExportRowID, r.ExportedAtUTC.Sub(r.PromotionDecisionAtUTC), e.Packet.Retention.Reasons)
		}
		if wasLate {
			late++
		}
	}
	if len(seen) != packets {
		t.Errorf("%d packets have a row, want %d", len(seen), packets)
	}
	report, err := a.Verify(t.Context())
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d rows, %d of them late, %d manifests (and %d that outages left behind); the log verifies", len(seen), late, len(manifests), len(report.Superseded))
}
