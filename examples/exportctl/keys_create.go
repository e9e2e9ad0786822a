package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// What the keys' files are called. A public key has its private one's name and .pub.
const (
	keyName    = "holdfast.key"
	logKeyName = "holdfast-log.key"
)

func (t *tool) keysCreateCommand() *cobra.Command {
	var dir, origin string
	c := &cobra.Command{
		Use:   "create --origin NAME",
		Short: "Make a key that signs exports, and one that signs the log's checkpoints",
		Long: `Create makes two new keys in --dir: holdfast.key, ECDSA P-256, which signs manifests, and
holdfast-log.key, Ed25519, which signs checkpoints of the log. Each has its public half beside
it, under the same name and .pub. The private files can be read by their owner alone, and are
not encrypted.

The --origin is the log's name, which its checkpoints carry: one that nobody else's log has,
such as evidence.example.com/release. It cannot be changed later.

When to use: once a bucket, before its first export.
Gotchas: nothing is overwritten. Whoever has the private keys can sign what was never decided:
put them where only the release pipeline reads them, or have a key management service sign
(--key awskms://…), which needs no holdfast.key.
Related: keys check, which tries the key; doctor`,
		Example: `  exportctl keys create --origin evidence.example.com/release
  exportctl keys create --origin evidence.example.com/release --dir /etc/holdfast`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			if origin == "" {
				return wrongUse("what is the log called? Give --origin NAME, such as evidence.example.com/release")
			}
			made, err := createKeys(dir, origin)
			if err != nil {
				return err
			}
			return t.screen.Show(made, made.draw)
		},
	}
	c.Flags().StringVar(&dir, "dir", ".", "the `DIR` to make them in, which is there already")
	c.Flags().StringVar(&origin, "origin", "", "the log's `NAME`, such as evidence.example.com/release")
	return c
}

// createdKeys are the keys that were made, and where.
type createdKeys struct {
	Key          string `json:"key"`
	KeyPublic    string `json:"key_public"`
	KeyID        string `json:"key_id"`
	LogKey       string `json:"log_key"`
	LogKeyPublic string `json:"log_key_public"`
	Origin       string `json:"origin"`
}

// createKeys makes both keys. Neither is made if a file of one of them is there.
func createKeys(dir, origin string) (createdKeys, error) {
	key, logKey := filepath.Join(dir, keyName), filepath.Join(dir, logKeyName)
	made := createdKeys{
		Key: key, KeyPublic: key + manifest.PublicSuffix,
		LogKey: logKey, LogKeyPublic: logKey + manifest.PublicSuffix, Origin: origin,
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return made, err
	}
	if _, err := exportlog.NewCheckpointKey(private, public); err != nil {
		return made, wrongUse("--origin %q: a log's name is one word, without plus signs, such as evidence.example.com/release", origin)
	}
	for _, path := range []string{made.Key, made.KeyPublic, made.LogKey, made.LogKeyPublic} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return made, errors.Join(err, fmt.Errorf("%s: %w; no key was made", path, fs.ErrExist))
		}
	}
	signer, err := manifest.CreateKey(key)
	if err != nil {
		return made, err
	}
	made.KeyID = signer.KeyID()
	return made, errors.Join(
		writeKey(made.LogKey, private, 0o600),
		writeKey(made.LogKeyPublic, public, 0o644),
	)
}

// writeKey writes a key of one line to a file that is not there yet.
func writeKey(path, line string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

func (k createdKeys) draw(p *screen.Page) {
	p.Good("signs exports      %s", screen.Clean(k.Key))
	p.Good("signs checkpoints  %s  %s", screen.Clean(k.LogKey), p.Dim(k.Origin))
	p.Gap()
	p.Line("Keep the private ones where only the release pipeline reads them. For its environment:")
	p.Line("  export HOLDFAST_KEY=%s HOLDFAST_LOG_KEY=%s", screen.Clean(k.Key), screen.Clean(k.LogKey))
	p.Line("Give the public ones to whoever verifies:")
	p.Line("  export HOLDFAST_TRUST=%s HOLDFAST_LOG_KEY=%s", screen.Clean(k.KeyPublic), screen.Clean(k.LogKeyPublic))
}
