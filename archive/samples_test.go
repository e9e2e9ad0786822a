package archive_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

const samplePackets = "testdata/packets"

// readRegister reads the 60 packets of the sample register.
func readRegister() ([]archive.Packet, error) {
	f, err := os.Open(filepath.Join(samplePackets, "promotion_decision_packet.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return archive.ReadCSV(f)
}

// readFolders reads the 8 sample packets that lie in folders with exhibits.
func readFolders(t testing.TB) []archive.Packet {
	t.Helper()
	var packets []archive.Packet
	for i := range 8 {
		p, err := archive.ReadFolder(os.DirFS(fmt.Sprintf("%s/packet-%02d", samplePackets, i)))
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	return packets
}

func sampleRegister(t testing.TB) []archive.Packet {
	t.Helper()
	packets, err := readRegister()
	if err != nil {
		t.Fatal(err)
	}
	if len(packets) != 60 {
		t.Fatalf("%d packets in the register, want 60", len(packets))
	}
	return packets
}

// Every sample goes in once, whatever its id, and comes out as it was.
func TestSamplesGoInAndComeOut(t *testing.T) {
	dir, cfg := t.TempDir(), config(t)
	a := inDirectory(t, dir, cfg)
	register, folders := sampleRegister(t), readFolders(t)

	receipts, err := a.ExportBatch(t.Context(), register)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range folders {
		receipt, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, receipt)
	}
	packets := append(register, folders...)
	for i, r := range receipts {
		if r.AlreadyExported {
			t.Errorf("%q was there before", r.PromotionPacketID)
		}
		wantSame(t, a, packets[i], r)
	}
	wantOneExportEach(t, rows(t, a), register, folders)
	report, err := a.Verify(t.Context())
	if err != nil || report.Exports != 68 {
		t.Errorf("verify: %d exports, %v", report.Exports, err)
	}

	before := snapshot(t, dir)
	again := inDirectory(t, dir, cfg)
	for i, p := range packets {
		receipt, err := again.Export(t.Context(), p) // one by one, though the first time they went in a batch
		if err != nil || !receipt.AlreadyExported || receipt.SHA256() != receipts[i].SHA256() {
			t.Errorf("%q again: %+v, %v", p.Header.PromotionPacketID, receipt, err)
		}
	}
	wantEqual(t, "the directory after the second run", snapshot(t, dir), before)
}

// wantOneExportEach checks that every promote has one export row that is no
// re-export, and that the rows of the folders, whose ids the register has too,
// are flagged.
func wantOneExportEach(t *testing.T, all []exportlog.Row, register, folders []archive.Packet) {
	t.Helper()
	firsts, flagged := map[string]int{}, 0
	for _, r := range all {
		if r.ReexportOfExportRowID == 0 {
			firsts[r.PromotionPacketID]++
		} else {
			flagged++
		}
	}
	promotes := 0
	for _, p := range register {
		if p.Header.PromotionDecision == "promote" {
			promotes++
		}
		if n := firsts[p.Header.PromotionPacketID]; n != 1 {
			t.Errorf("%q has %d first export rows", p.Header.PromotionPacketID, n)
		}
	}
	if promotes != 47 || flagged != len(folders) {
		t.Errorf("%d promotes, want 47; %d rows flagged as re-exports, want %d", promotes, flagged, len(folders))
	}
}

// wantSame reads a packet back by its archive_uri and compares every byte.
func wantSame(t *testing.T, a *archive.Archive, p archive.Packet, r archive.Receipt) {
	t.Helper()
	e, err := a.Retrieve(t.Context(), r.ArchiveURI)
	if err != nil {
		t.Errorf("%q: %v", r.PromotionPacketID, err)
		return
	}
	if got, err := e.Document(t.Context()); err != nil || !bytes.Equal(got, p.Document()) {
		t.Errorf("%q came out as %d bytes, %v", r.PromotionPacketID, len(got), err)
	}
	if len(e.Packet.Exhibits) != len(p.Exhibits) {
		t.Errorf("%q has %d exhibits, want %d", r.PromotionPacketID, len(e.Packet.Exhibits), len(p.Exhibits))
	}
	for _, x := range p.Exhibits {
		got := readAll(t, x.Open)
		want := readAll(t, func() (io.ReadCloser, error) { return e.Exhibit(t.Context(), x.Name) })
		if !bytes.Equal(got, want) {
			t.Errorf("%q: exhibit %s differs", r.PromotionPacketID, x.Name)
		}
	}
}

func readAll(t *testing.T, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	body, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
