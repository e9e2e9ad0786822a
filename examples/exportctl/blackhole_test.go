package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// impatient has nothing waited for as long as people wait.
func impatient(t *testing.T, first, silence time.Duration) {
	t.Helper()
	kept := [2]time.Duration{answerTime, silenceTime}
	t.Cleanup(func() { answerTime, silenceTime = kept[0], kept[1] })
	answerTime, silenceTime = first, silence
}

// ask runs a command in this process.
func ask(t *testing.T, args ...string) answer {
	t.Helper()
	status, out, errs := askOnce(t, args...)
	return answer{t, strings.Join(args, " "), status, out, errs}
}

// silent accepts connections, and never says anything.
func silent(t *testing.T) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			held = append(held, c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for _, c := range held {
			_ = c.Close()
		}
	})
	return l.Addr().String()
}

// full is a listener whose queue has no place: who connects is not even refused.
func full(t *testing.T) (host string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	host = fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", host, 100*time.Millisecond)
		if err != nil {
			return host
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

// clouds are a bucket at this host in each cloud.
func clouds(t *testing.T, host string) []string {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AZURE_STORAGE_ACCOUNT": "x", "AZURE_STORAGE_KEY": "d3Jvbmc=",
		"STORAGE_EMULATOR_HOST": host,
	} {
		t.Setenv(name, value)
	}
	return []string{s3At("http://"+host, "b"), "gs://b", "azblob://b?protocol=http&localemu=true&domain=" + host}
}

// Where nothing answers, that is known after a while that ends.
func TestBlackHole(t *testing.T) {
	impatient(t, 150*time.Millisecond, time.Minute)
	for name, host := range map[string]string{"accepts and keeps silent": silent(t), "never accepts": full(t)} {
		t.Run(name, func(t *testing.T) {
			for _, bucket := range clouds(t, host) {
				where, _, _ := strings.Cut(bucket, "?")
				ask(t, "find", "INC-1", "--bucket", bucket).says(exitUnreachable, where+": no answer from the bucket within 150ms", "firewall")
				ask(t, "doctor", "--bucket", bucket).finds(exitUnreachable, "reachable", "no answer from the bucket within 150ms", "firewall")
			}
		})
	}
}

// A wrong endpoint is told from one that keeps silent.
func TestWrongEndpoint(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	host := strings.TrimPrefix(plain.URL, "http://")
	clouds(t, "127.0.0.1:1")
	for _, bucket := range []string{s3At("https://"+host, "b"), "azblob://b?localemu=true&domain=" + host} {
		ask(t, "find", "INC-1", "--bucket", bucket).says(exitUnreachable, "the server does not speak TLS", "http://")
	}
	ask(t, "find", "INC-1", "--bucket", "azblob://b?protocol=http&localemu=true&domain=127.0.0.1:1").
		says(exitUnreachable, "nothing listens at 127.0.0.1:1", "endpoint") // of Amazon, see TestProblems
	for _, bucket := range clouds(t, "no.such.host.invalid") {
		ask(t, "find", "INC-1", "--bucket", bucket).says(exitUnreachable, "no.such.host.invalid")
	}
}

// lockedBucket makes a bucket with object lock at a gateway, and returns a proxy before
// it that keeps silent from the time it is told.
func lockedBucket(t *testing.T) (bucket string, hang *atomic.Int64) {
	t.Helper()
	gateway := newGateway(t)
	gateway.make("release-evidence", true)
	hang = &atomic.Int64{}
	hang.Store(1 << 40)
	proxy := faultproxy.Start(t, gateway.endpoint, func(*http.Request) faultproxy.Fault {
		if hang.Add(-1) < 0 {
			return faultproxy.Hang
		}
		return faultproxy.None
	})
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	return s3At(proxy.URL, "release-evidence"), hang
}

// A bucket that falls silent in the middle ends the command; when it answers again, the
// same command completes it.
func TestBucketFallsSilent(t *testing.T) {
	s := newSession(t)
	bucket, hang := lockedBucket(t)
	t.Setenv("HOLDFAST_BUCKET", bucket)
	impatient(t, 5*time.Second, 500*time.Millisecond)
	packet := samplePackets + "packet-00"
	for _, after := range []int64{4, 12} {
		hang.Store(after)
		a := ask(t, "export", packet)
		if a.status != exitUnreachable && a.status != exitUnfinished || a.out != "" || !strings.Contains(a.errs, "fell silent") || !strings.Contains(a.errs, "→ Run the same command again") {
			t.Errorf("silent after %d requests: exit status %d\n%s%s", after, a.status, a.out, a.errs)
		}
		hang.Store(1 << 40)
	}
	s.run(exitDone, "export", packet)
	s.run(exitDone, "verify")
	hang.Store(7)
	ask(t, "verify").says(exitUnreachable, "the bucket fell silent", "doctor")
	hang.Store(4)
	impatient(t, time.Second, time.Minute)
	ask(t, "doctor").finds(exitUnreachable, "may read", "no answer from the bucket within 1s")
}

// --timeout bounds all that a command does.
func TestTimeout(t *testing.T) {
	s := newSession(t)
	bucket, hang := lockedBucket(t)
	t.Setenv("HOLDFAST_BUCKET", bucket)
	s.run(exitDone, "export", samplePackets+"packet-00")
	for _, command := range []string{"verify", "find --all", "prove 1", "figures", "hold --all --matter CASE-7 --reason claim"} {
		hang.Store(3)
		ask(t, append(strings.Fields(command), "--timeout", "200ms")...).says(exitUnreachable, "it took longer than --timeout 200ms", "Run the same command again")
	}
	hang.Store(0)
	ask(t, "find", "--all", "--timeout", "300ms").says(exitUnreachable, "it took longer than --timeout 300ms")
}

// With a spool the same outage is no failure of the release.
func TestBlackHoleWithASpool(t *testing.T) {
	s := newSession(t)
	bucket := clouds(t, silent(t))[0]
	out, errs := s.run(exitPending, "export", samplePackets+"packet-00", "--bucket", bucket, "--spool", filepath.Join(s.dir, "spool"), "--timeout", "1s")
	if !strings.Contains(out, "NOT exported, waits in the spool") || !strings.Contains(errs, "exportctl flush") {
		t.Errorf("%s%s", out, errs)
	}
	if waiting, err := os.ReadDir(filepath.Join(s.dir, "spool")); err != nil || len(waiting) == 0 {
		t.Errorf("%v lie in the spool: %v", waiting, err)
	}
	s.run(exitDone, "flush", "--spool", filepath.Join(s.dir, "spool"))
	s.run(exitDone, "verify")
}
