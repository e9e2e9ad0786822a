package main

import (
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// A bucket that does not exist is not taken for one that is down. Of Azure, see
// TestContainers.
func TestNoSuchBucket(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "AWS_ACCESS_KEY_ID="+servers.VersityAccessKey, "AWS_SECRET_ACCESS_KEY="+servers.VersitySecretKey, "STORAGE_EMULATOR_HOST="+servers.FakeGCS(t, ""))
	for _, bucket := range []string{s3At(servers.Versity(t), "nowhere"), "gs://nowhere"} {
		d.isNowhere(bucket)
	}
}

// In Azure it is the same, and so are credentials that are refused. Azurite takes seconds to
// start, so there is one for both.
func TestContainers(t *testing.T) {
	t.Parallel()
	at := "?protocol=http&localemu=true&domain=" + servers.Azurite(t)
	d := newDesk(t, "AZURE_STORAGE_ACCOUNT="+servers.AzuriteAccount) // the client keeps the first that a process names
	d.with("AZURE_STORAGE_KEY=" + servers.AzuriteKey).isNowhere("azblob://nowhere" + at)
	d.with("AZURE_STORAGE_KEY=d3Jvbmc=").try("find", "INC-1", "--bucket", "azblob://release-evidence"+at).
		says(exitWrongUse, "azblob://release-evidence: ", "denied: AuthorizationFailure") // Azure itself says AuthenticationFailed
}

// isNowhere looks for a bucket that is not there.
func (d desk) isNowhere(bucket string) {
	d.Helper()
	where, _, _ := strings.Cut(bucket, "?")
	d.try("export", "packet.json", "--bucket", bucket).says(exitWrongUse, where+": there is no such bucket", "Check the bucket's name")
	d.try("doctor", "--bucket", bucket).finds(exitWrongUse, "reachable", "there is no such bucket", "Check the bucket's name")
}

// A bucket without object lock takes nothing, and it is said how to make one that does.
func TestBucketWithoutLocks(t *testing.T) {
	g := newGateway(t)
	bucket := g.make("plain", false)
	d := newDesk(t, "HOLDFAST_BUCKET="+bucket, "AWS_ACCESS_KEY_ID="+servers.VersityAccessKey, "AWS_SECRET_ACCESS_KEY="+servers.VersitySecretKey)
	d.here("export", "packet.json").says(exitWrongUse, "the bucket cannot keep them", "--object-lock-enabled-for-bucket", "exportctl doctor")
	name := "plain"
	if in, err := g.owner.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name}); err != nil || len(in.Contents) > 0 {
		t.Errorf("%d objects were written: %v", len(in.Contents), err)
	}
}

// mounted mounts a small file system in memory, or has the test skipped.
func mounted(t *testing.T, options string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: a disk that is full, or read-only, takes root to mount one: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// A full disk: no row is written, and once there is room the same command goes on.
func TestFullDisk(t *testing.T) {
	dir := mounted(t, "size=512k")
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 488<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.env = append(d.env, "HOLDFAST_BUCKET=file://"+dir)
	packet, err := filepath.Abs(samplePackets + "packet-00")
	if err != nil {
		t.Fatal(err)
	}
	d.here("export", packet).says(exitUnfinished, "no space left on device", "make room, then run the same command again")
	if rows, err := os.ReadDir(filepath.Join(dir, "log/commits/000/000/000")); err == nil {
		t.Errorf("there are rows: %v", rows)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if a := d.here("export", packet); a.status != exitDone {
		t.Error(a.status, a.out, a.errs)
	}
	if a := d.here("verify"); a.status != exitDone {
		t.Error(a.status, a.out, a.errs)
	}
}

// A disk that is mounted read-only can be read, and says why it cannot be written to.
func TestReadOnlyDisk(t *testing.T) {
	d := newDesk(t).with("HOLDFAST_BUCKET=" + (&url.URL{Scheme: "file", Path: mounted(t, "ro")}).String())
	d.here("find", "INC-1").says(exitNotFound, "no such export")
	d.here("export", "packet.json").says(exitWrongUse, "read-only file system", "mounted so that it can be written to")
	d.here("doctor").finds(exitFindings, "may create and lock", "read-only file system", "mounted so that it can be written to")
}

// A directory that others own can be read by who may, and says what is missing.
func TestDirectoryWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("SKIPPED: root may write to any directory")
	}
	d := newDesk(t)
	if err := os.Chmod(filepath.Join(d.dir, "bucket"), fs.FileMode(0o555)); err != nil {
		t.Fatal(err)
	}
	d.here("export", "packet.json").says(exitWrongUse, "permission denied", "Check the permissions")
}
