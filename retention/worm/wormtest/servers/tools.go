package servers

import (
	"testing"
)

// TimestampAuthority starts sigstore's timestamp authority with a key and chain of
// its own and returns the URL that it answers RFC 3161 queries at, and the one
// that its certificates lie at. It has a port that cannot be chosen, so there is
// one at a time; others wait.
func TimestampAuthority(t testing.TB) (stamp, chain string) {
	t.Helper()
	program := goInstalled(t, "github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server", "timestamp-server", "v2.1.3")
	alone(t, "timestamp-server")
	port := freePort(t)
	run(t, port, nil, program, "serve", "--host", "127.0.0.1", "--port", port, "--timestamp-signer", "memory", "--disable-ntp-monitoring")
	base := "http://127.0.0.1:" + port + "/api/v1/timestamp"
	return base, base + "/certchain"
}

// Cosign returns the path of sigstore's cosign.
func Cosign(t testing.TB) string {
	t.Helper()
	return goInstalled(t, "github.com/sigstore/cosign/v3/cmd/cosign", "cosign", "v3.1.3")
}

// VersityGateway returns the path of versitygw itself; [Versity] starts one.
func VersityGateway(t testing.TB) string {
	t.Helper()
	return goInstalled(t, "github.com/versity/versitygw/cmd/versitygw", "versitygw", "v1.8.0")
}

// NPM returns the folder, node_modules, into which an npm package was installed.
func NPM(t testing.TB, pkg, version string) string {
	t.Helper()
	return npmFolder(t, pkg, version)
}
