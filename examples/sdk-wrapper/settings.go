package launch

import (
	"context"
	_ "embed"
	"net/url"
	"os"
	"path/filepath"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/policy"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
)

//go:embed policy.yaml
var rules []byte

// settings is all that the company has decided once, for everybody.
type settings struct {
	bucket string
	key    string
	spool  string
}

var production = settings{
	bucket: "s3://meridian-launches?region=eu-west-1",
	key:    "/etc/meridian/launch.key",
	spool:  "/var/spool/meridian-launch",
}

// Meridian is the company's record of launches. It is safe for concurrent use.
type Meridian struct {
	archive *archive.Archive
	linker  *linkage.Linker
}

// Production opens the company's record. On a machine that is not provisioned for
// launches it fails, and says what is missing.
func Production(ctx context.Context) (*Meridian, error) {
	signer, err := manifest.LoadSigner(production.key, nil)
	if err != nil {
		return nil, err
	}
	return production.open(ctx, signer)
}

// Local opens a record in a directory, which it makes, for tests and for a laptop. It proves nothing to
// anybody: the key lies beside it.
func Local(ctx context.Context, dir string) (*Meridian, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	bucket := url.URL{Scheme: "file", Path: filepath.Join(dir, "launches"), RawQuery: "create_dir=true"}
	s := settings{bucket: bucket.String(), spool: filepath.Join(dir, "spool"), key: filepath.Join(dir, "launch.key")}
	signer, err := manifest.LoadOrCreateKey(s.key)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, signer)
}

func (s settings) open(ctx context.Context, signer *manifest.Signer) (*Meridian, error) {
	p, err := policy.Parse("policy.yaml", rules)
	if err != nil {
		return nil, err
	}
	a, err := archive.Open(ctx, s.bucket, archive.Config{
		Policy: p, Signer: signer, Operator: "platform/launch", Spool: archive.Spool{Dir: s.spool},
	})
	if err != nil {
		return nil, err
	}
	return &Meridian{archive: a, linker: linkage.New(a)}, nil
}

// Close waits for what is under way.
func (m *Meridian) Close() error { return m.archive.Close() }
