package servers

import (
	"os"
	"path/filepath"
	"testing"
)

// The credentials of a Versity gateway.
const (
	VersityAccessKey = "test"
	VersitySecretKey = "testsecret"
)

// Versity starts a Versity S3 gateway over a temporary directory, with versions
// and object lock, and returns its endpoint, http://127.0.0.1:port.
func Versity(t testing.TB) (endpoint string) {
	t.Helper()
	g := NewGateway(t)
	g.Start(t)
	return g.Endpoint
}

// Gateway is a Versity S3 gateway that can be stopped, as by a power failure, and
// started again where it was.
type Gateway struct {
	Endpoint string // http://127.0.0.1:port
	Root     string // the folder that has a folder for each bucket

	start func(t testing.TB) (stop func())
	stop  func()
}

// NewGateway returns a gateway as [Versity] starts it, not started yet. Its methods are
// for the goroutine of the test.
func NewGateway(t testing.TB) *Gateway {
	t.Helper()
	program := VersityGateway(t)
	dir, port := t.TempDir(), freePort(t)
	for _, sub := range []string{"root", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(dir, "root")
	return &Gateway{Endpoint: "http://127.0.0.1:" + port, Root: root, start: func(t testing.TB) func() {
		return run(t, port, []string{"ROOT_ACCESS_KEY=" + VersityAccessKey, "ROOT_SECRET_KEY=" + VersitySecretKey}, program,
			"--port", "127.0.0.1:"+port, "--quiet", "posix", "--versioning-dir", filepath.Join(dir, "versions"), root)
	}}
}

// Start starts it and waits until it answers.
func (g *Gateway) Start(t testing.TB) {
	t.Helper()
	g.stop = g.start(t)
}

// Stop kills it.
func (g *Gateway) Stop() { g.stop() }

// FakeGCS starts a fake-gcs-server in memory and returns its host, 127.0.0.1:port,
// as STORAGE_EMULATOR_HOST wants it. public is the host that it puts into the
// addresses it gives out, such as that of a proxy before it; empty is its own.
func FakeGCS(t testing.TB, public string) (host string) {
	t.Helper()
	program := goInstalled(t, "github.com/fsouza/fake-gcs-server", "fake-gcs-server", "v1.56.1")
	port := freePort(t)
	host = "127.0.0.1:" + port
	if public == "" {
		public = host
	}
	run(t, port, nil, program, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-public-host", public, "-backend", "memory", "-log-level", "error")
	return host
}

// AzuriteAccount and AzuriteKey are the credentials that Azurite documents.
const (
	AzuriteAccount = "devstoreaccount1"
	AzuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Azurite starts Azurite's blob service in memory and returns its host,
// 127.0.0.1:port.
func Azurite(t testing.TB) (host string) {
	t.Helper()
	program := npmInstalled(t, "azurite", "azurite-blob", "3.37.0")
	port := freePort(t)
	run(t, port, nil, program, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry",
		"--blobHost", "127.0.0.1", "--blobPort", port)
	return "127.0.0.1:" + port
}
