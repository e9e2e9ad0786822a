package linkage_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

func pack(t testing.TB, c *chronicle, row int64, o linkage.PackOptions) *linkage.Pack {
	t.Helper()
	p, err := linkage.New(c.Archive).Pack(t.Context(), row, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// written writes a pack into a directory of its own.
func written(t testing.TB, p *linkage.Pack) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pack")
	if err := p.WriteDir(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// commands returns the fenced commands of a VERIFY.md that are marked as given.
func commands(t testing.TB, text, mark string) string {
	t.Helper()
	var all strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```"+mark+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all.WriteString(block[1])
	}
	if all.Len() == 0 {
		t.Fatalf("no commands of %q", mark)
	}
	return all.String()
}

// shell runs commands in a directory, with nothing of Go in reach.
func shell(t testing.TB, dir, script, path string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + path + "/usr/bin:/bin", "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func needShell(t testing.TB) {
	t.Helper()
	for _, tool := range []string{"bash", "openssl", "jq", "xxd", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: VERIFY.md needs %s, which is not installed", tool)
		}
	}
}

func readText(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// verify runs a pack's own instructions.
func verify(t testing.TB, dir string) (string, error) {
	t.Helper()
	return shell(t, dir, commands(t, readText(t, dir+"/VERIFY.md"), "sh"), "")
}

func wantVerified(t testing.TB, dir string) {
	t.Helper()
	if out, err := verify(t, dir); err != nil || !strings.HasSuffix(out, "verified\n") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// crowded is an archive with the payments incident among many other exports, so that
// its rows have proofs of some length.
func crowded(t testing.TB) (*chronicle, archive.Receipt) {
	t.Helper()
	c, r := paymentsWentWrong(t)
	var others []archive.Packet
	for id, p := range register(t) {
		if id != payments {
			others = append(others, p)
		}
	}
	c.now = at("2026-08-21T20:00:00Z")
	if _, err := c.ExportBatch(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	c.append(t, "2026-08-22T09:30:00Z", exportlog.Row{Kind: exportlog.KindExtend, SubjectExportRowID: r.ExportRowID, PromotionPacketID: payments,
		RetainUntilUTC: at("2040-01-01T00:00:00Z"), Reason: "claims are pending", ExportOperatorAck: "release-ops/on-call"})
	return c, r
}

// A pack is verified by its own instructions, where nothing of ours is.
func TestPackVerifiesItself(t *testing.T) {
	needShell(t)
	c, r := crowded(t)
	dir := written(t, pack(t, c, r.ExportRowID, linkage.PackOptions{Events: eventStream(t)}))
	wantVerified(t, dir)
	out, err := shell(t, dir, "sed -n '/^```sh$/,/^```$/{//!p}' VERIFY.md | bash", "")
	if err != nil || !strings.Contains(out, "row 1 of 64: export") || !strings.Contains(out, "row 64 of 64: extend") {
		t.Errorf("at once: %v:\n%s", err, out)
	}
	wantNoOther(t, dir)
}

// wantNoOther looks for the ids of other exports in every file of a pack.
func wantNoOther(t testing.TB, dir string) {
	t.Helper()
	others := register(t)
	delete(others, payments)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content := readText(t, path)
		for id := range others {
			if strings.Contains(content, id) {
				t.Errorf("%s names %s", path, id)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Another bit anywhere, a file more or a file less, and the instructions say so.
func TestPackWithAnotherBit(t *testing.T) {
	needShell(t)
	c, r := crowded(t)
	p := pack(t, c, r.ExportRowID, linkage.PackOptions{})
	dir := written(t, p)
	script := commands(t, readText(t, dir+"/VERIFY.md"), "sh")
	for name, size := range filesOf(t, dir) {
		places := []int{size / 2}
		if name == "SHA256SUMS" {
			places = []int{0, 63, 64, 65, 66, size - 1}
		}
		for _, place := range places {
			bit := byte(1) << (place % 8)
			flip(t, filepath.Join(dir, name), place, bit)
			if out, err := shell(t, dir, script, ""); err == nil {
				t.Errorf("%s, byte %d: %s", name, place, out)
			}
			flip(t, filepath.Join(dir, name), place, bit)
		}
	}
	wantVerified(t, dir) // all is as it was
	if err := os.WriteFile(dir+"/packet/exhibits/one-more", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := shell(t, dir, script, ""); err == nil {
		t.Error("a file more")
	}
	if err := errors.Join(os.Remove(dir+"/packet/exhibits/one-more"), os.Remove(dir+"/proofs/000000000001.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := shell(t, dir, script, ""); err == nil {
		t.Error("a file less")
	}
}

// Whoever changes a file and puts the sums right is caught by what was signed.
func TestPackForged(t *testing.T) {
	needShell(t)
	c, r := crowded(t)
	original := written(t, pack(t, c, r.ExportRowID, linkage.PackOptions{}))
	script := commands(t, readText(t, original+"/VERIFY.md"), "sh")
	sums := "rm SHA256SUMS; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum > $TMPDIR/sums; mv $TMPDIR/sums SHA256SUMS"
	for name, forge := range map[string]string{
		"nothing":                 "true",
		"packet":                  "echo >> packet/packet.csv",
		"exhibit":                 "echo >> packet/exhibits/scorecard.pdf",
		"another exhibit":         "echo > packet/exhibits/another",
		"no exhibit":              "rm packet/exhibits/scorecard.pdf",
		"export row":              "sed -i s/extended/standard/ rows/000000000001.jsonl",
		"link row":                "sed -i s/92.4/99.4/ rows/000000000002.jsonl",
		"a row of nothing":        "cp rows/000000000002.jsonl rows/000000000009.jsonl; cp proofs/000000000002.json proofs/000000000009.json; sed -i s/92.4/99.4/ rows/000000000009.jsonl",
		"a line more in a row":    "cat rows/000000000001.jsonl >> rows/000000000002.jsonl",
		"proof":                   `jq -c '.hashes[0] |= "00" + .[2:]' proofs/000000000002.json > p; mv p proofs/000000000002.json`,
		"proof of another length": `jq -c '.hashes |= .[1:]' proofs/000000000002.json > p; mv p proofs/000000000002.json`,
		"checkpoint size":         "sed -i 2s/64/63/ checkpoint",
		"checkpoint signature":    `sed -i 's/^\(— [^ ]* ........\)./\1!/' checkpoint`,
		"log key":                 "openssl genpkey -algorithm ed25519 | openssl pkey -pubout > keys/checkpoint.pub.pem",
		"manifest key":            "openssl ecparam -genkey -name prime256v1 | openssl ec -pubout > keys/manifest.pub.pem",
		"manifest":                `p=$(jq -r .dsseEnvelope.payload manifest.sigstore.json | base64 -d | sed s/promote/decline/ | base64 -w0); jq -c --arg p "$p" '.dsseEnvelope.payload = $p' manifest.sigstore.json > m; mv m manifest.sigstore.json`,
		"contents":                "sed -i s/scorecard/scoreboard/ contents",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir() + "/pack"
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			if out, err := shell(t, dir, "set -e; "+forge+"; "+sums, ""); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if out, err := shell(t, dir, script, ""); (err == nil) != (name == "nothing") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// The pack's files, cosign's word for each of them.
func TestPackByCosign(t *testing.T) {
	needShell(t)
	cosign := servers.Cosign(t)
	c, r := crowded(t)
	dir := written(t, pack(t, c, r.ExportRowID, linkage.PackOptions{}))
	script := commands(t, readText(t, dir+"/VERIFY.md"), "sh cosign")
	if out, err := shell(t, dir, script, filepath.Dir(cosign)+":"); err != nil || strings.Count(out, "Verified OK") != 3 {
		t.Errorf("%v: %s", err, out)
	}
	flip(t, dir+"/packet/exhibits/scorecard.pdf", 3, 1)
	if out, err := shell(t, dir, script, filepath.Dir(cosign)+":"); err == nil {
		t.Errorf("a flipped bit: %s", out)
	}
}

func filesOf(t testing.TB, dir string) map[string]int {
	t.Helper()
	files := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		name, _ := filepath.Rel(dir, path)
		files[name] = int(info.Size())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func flip(t testing.TB, path string, place int, bit byte) {
	t.Helper()
	b := []byte(readText(t, path))
	b[place] ^= bit
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A batch's manifest names its other packets, so what becomes of it is asked for.
func TestPackOfABatch(t *testing.T) {
	needShell(t)
	c := newChronicle(t)
	c.now = at("2026-08-11T06:55:00Z")
	packets := register(t)
	batch := []archive.Packet{packets["pp-20260804-ECONOMY-0001"], packets[payments].With(exhibit("a \"b\".pdf", "x"), exhibit("ギルド.md", "y"))}
	receipts, err := c.ExportBatch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	row, linker := receipts[1].ExportRowID, linkage.New(c.Archive)
	var peers *linkage.PeersError
	if _, err := linker.Pack(t.Context(), row, linkage.PackOptions{}); !errors.As(err, &peers) || !errors.Is(err, linkage.ErrPeers) || peers.Peers != 1 {
		t.Errorf("a batch: %v", err)
	}
	if _, err := linker.Pack(t.Context(), row, linkage.PackOptions{Peers: linkage.WithholdManifest, WithoutProofs: true}); !errors.Is(err, linkage.ErrPeers) {
		t.Errorf("neither manifest nor proofs: %v", err)
	}
	withheld := written(t, pack(t, c, row, linkage.PackOptions{Peers: linkage.WithholdManifest}))
	wantVerified(t, withheld)
	wantNoOther(t, withheld)
	if _, ok := filesOf(t, withheld)["manifest.sigstore.json"]; ok || !strings.Contains(readText(t, withheld+"/VERIFY.md"), "The manifest is withheld") {
		t.Error("the manifest is there, or its absence is not said")
	}
	flip(t, withheld+"/packet/exhibits/ギルド.md", 0, 1)
	if _, err := verify(t, withheld); err == nil {
		t.Error("an exhibit of a pack without manifest was changed")
	}
	p := pack(t, c, row, linkage.PackOptions{Peers: linkage.RevealPeers})
	revealed := written(t, p)
	wantVerified(t, revealed)
	if p.Peers != 1 || !strings.Contains(readText(t, revealed+"/VERIFY.md"), "names 1 other packets") {
		t.Error("it does not say that it names another")
	}
}

// Without a checkpoint there are no proofs, and that is said.
func TestPackWithoutProofs(t *testing.T) {
	needShell(t)
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	bucket := memworm.New()
	c := openChronicle(t, bucket, signer, nil)
	r := c.export(t, "2026-08-11T06:55:00Z", register(t)[payments])
	if _, err := linkage.New(c.Archive).Pack(t.Context(), r.ExportRowID, linkage.PackOptions{}); !errors.Is(err, linkage.ErrNoProofs) {
		t.Errorf("without a key: %v", err)
	}
	dir := written(t, pack(t, c, r.ExportRowID, linkage.PackOptions{WithoutProofs: true}))
	wantVerified(t, dir)
	if !strings.Contains(readText(t, dir+"/VERIFY.md"), "This pack has no proofs") {
		t.Error("it does not say so")
	}
	key := logKey(t)
	public, err := exportlog.NewCheckpointKey("", key.Public())
	if err != nil {
		t.Fatal(err)
	}
	reader := openChronicle(t, bucket, signer, public)
	if _, err := linkage.New(reader.Archive).Pack(t.Context(), r.ExportRowID, linkage.PackOptions{}); !errors.Is(err, linkage.ErrNoProofs) {
		t.Errorf("nothing signed yet: %v", err)
	}
	if _, err := openChronicle(t, bucket, signer, key).Log().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantVerified(t, written(t, pack(t, reader, r.ExportRowID, linkage.PackOptions{})))
}

// The same pack is the same zip, byte for byte, and holds what the directory holds.
func TestPackAsZip(t *testing.T) {
	c, r := crowded(t)
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := pack(t, c, r.ExportRowID, linkage.PackOptions{}).WriteZip(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("another zip")
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	dir := written(t, pack(t, c, r.ExportRowID, linkage.PackOptions{}))
	for name := range filesOf(t, dir) {
		b, err := fs.ReadFile(z, name)
		if err != nil || string(b) != readText(t, filepath.Join(dir, name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fstest.TestFS(z, "VERIFY.md", "packet/exhibits/scorecard.pdf"); err != nil {
		t.Error(err)
	}
}

// A pack is all there or not at all.
func TestPackIsNeverHalfWritten(t *testing.T) {
	c, r := crowded(t)
	p := pack(t, c, r.ExportRowID, linkage.PackOptions{})
	if err := c.bucket.Tamper("packets/"+payments+"/"+r.PacketSHA256.String()+"/exhibits/scorecard.pdf", []byte("all gates were red")); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	if err := p.WriteDir(t.Context(), parent+"/pack"); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("a changed exhibit: %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	var b bytes.Buffer
	if err := p.WriteZip(t.Context(), &b); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("a changed exhibit: %v", err)
	}
	if _, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())); err == nil {
		t.Error("the zip opens")
	}
	if err := p.WriteDir(t.Context(), parent); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a directory that is there: %v", err)
	}
}

func TestPackRefuses(t *testing.T) {
	c, r := paymentsWentWrong(t)
	linker := linkage.New(c.Archive)
	for _, row := range []int64{2, 99} {
		if _, err := linker.Pack(t.Context(), row, linkage.PackOptions{}); !errors.Is(err, linkage.ErrNotLocated) {
			t.Errorf("row %d: %v", row, err)
		}
	}
	digest := strings.TrimPrefix(r.ContentIntegrityReference, "sha256:")
	if err := c.bucket.Tamper("manifests/"+r.ExportBatchID+"/"+digest+".sigstore.json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := linker.Pack(t.Context(), r.ExportRowID, linkage.PackOptions{}); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Errorf("another manifest: %v", err)
	}
}

// Rows about another export of the same packet stay out.
func TestPackOfOneOfTwoExports(t *testing.T) {
	needShell(t)
	c, r := crowded(t)
	again := c.export(t, "2026-08-23T00:00:00Z", register(t)[payments])
	p := pack(t, c, again.ExportRowID, linkage.PackOptions{})
	if len(p.Rows) != 1 || slices.ContainsFunc(p.Rows, func(row exportlog.Row) bool { return row.ExportRowID == r.ExportRowID }) {
		t.Errorf("rows %v", p.Rows)
	}
	wantVerified(t, written(t, p))
}
