package archive_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// On a real store: held objects are held, released ones are not, extended ones are
// locked longer, and a batch manifest names exactly the versions that are evidence.
func TestHoldsAndExtensionsOnS3(t *testing.T) {
	address, cfg := s3Bucket(t), config(t)
	cfg.Clock = nil // the server has its own idea of the time
	a, err := archive.Open(t.Context(), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	packets := readFolders(t)[:4]
	if _, err := a.ExportBatch(t.Context(), packets); err != nil {
		t.Fatal(err)
	}
	all := archive.Selection{Everything: true}
	if _, err := a.Hold(t.Context(), all, matter("M-1", "legal/one")); err != nil {
		t.Fatal(err)
	}
	var manifest bytes.Buffer
	n, err := a.WriteS3BatchManifest(t.Context(), &manifest, all)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&manifest).ReadAll()
	if err != nil || len(lines) != n || n != 1+countObjects(packets) {
		t.Fatalf("%d lines, %d objects, %v", len(lines), n, err)
	}
	client := s3Client(t, address)
	wantOnS3(t, client, lines, "ON")

	if _, err := a.Release(t.Context(), all, matter("M-1", "legal/two")); err != nil {
		t.Fatal(err)
	}
	wantOnS3(t, client, lines, "OFF")

	cfg.Policy = changed(t, func(f *policy.File) {
		for i, c := range retention.Classes() {
			period(f, c, 20+i, retention.Compliance)
		}
	})
	under, err := archive.Open(t.Context(), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer under.Close()
	report, err := under.Extend(t.Context(), all, archive.Extension{Reason: "policy of September"})
	if err != nil || len(report.Changed) != 4 {
		t.Fatalf("%+v, %v", report, err)
	}
	if _, err := under.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	elsewhere := over(t, memworm.New(), config(t))
	scene(t, elsewhere)
	if _, err := elsewhere.WriteS3BatchManifest(t.Context(), &manifest, all); !errors.Is(err, worm.ErrUnsupported) {
		t.Errorf("a bucket that is not on S3: %v", err)
	}
}

func countObjects(packets []archive.Packet) (n int) {
	for _, p := range packets {
		n += 1 + len(p.Exhibits)
	}
	return n
}

func s3Client(t *testing.T, address string) *s3.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(u.Query().Get("endpoint")), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})
}

// wantOnS3 asks the store for the legal hold of each line of a batch manifest.
func wantOnS3(t *testing.T, client *s3.Client, lines [][]string, status string) {
	t.Helper()
	for _, line := range lines {
		key, err := url.PathUnescape(line[1])
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.GetObjectLegalHold(t.Context(), &s3.GetObjectLegalHoldInput{Bucket: &line[0], Key: &key, VersionId: &line[2]})
		if err != nil || !strings.EqualFold(string(got.LegalHold.Status), status) {
			t.Errorf("%v: %+v, %v", line, got, err)
		}
	}
}
