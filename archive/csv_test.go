package archive_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func TestBadCSV(t *testing.T) {
	for name, c := range map[string]struct {
		file, source, field string
		want                error
	}{
		"repeated field":      {"a,b,a\r\n1,2,3\r\n", "CSV header", "a", archive.ErrMalformed},
		"a field too many":    {"a,b\n1,2\n1,2,3\n", "CSV row 2", "", archive.ErrMalformed},
		"a broken quote":      {"a,b\n1,\"2\n", "CSV row 1", "", archive.ErrMalformed},
		"a count of no kind":  {"consecutive_yellow_windows\nmany\n", "CSV row 1", "consecutive_yellow_windows", archive.ErrMalformed},
		"a time of no kind":   {"promotion_packet_id,promotion_decision_at_utc\npp-1,2026-08-04T10:22:00Z\npp-2,noon\n", "CSV row 2", "promotion_decision_at_utc", archive.ErrMalformed},
		"a row beyond bounds": {"a\n" + strings.Repeat("x", archive.MaxPacketBytes) + "\n", "CSV row 1", "", archive.ErrTooLarge},
	} {
		packets, err := archive.ReadCSV(strings.NewReader(c.file))
		var problem *archive.PacketError
		if packets != nil && err == nil || !errors.Is(err, c.want) || !errors.As(err, &problem) || problem.Source != c.source || problem.Field != c.field {
			t.Errorf("%s: %d packets, %v", name, len(packets), err)
		}
	}
	for name, file := range map[string]string{"empty": "", "invalid UTF-8": "a\n\xff\n"} {
		if _, err := archive.ReadCSV(strings.NewReader(file)); !errors.Is(err, archive.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A packet's bytes are the header record and its own row, as they stand.
func TestCSVKeepsBytes(t *testing.T) {
	packets, err := archive.ReadCSV(strings.NewReader("\ufeffpromotion_packet_id,note\r\n\r\npp-1,\"two\r\nlines, and \"\"quotes\"\"\"\r\npp-2,plain"))
	if err != nil || len(packets) != 2 {
		t.Fatalf("%d packets, %v", len(packets), err)
	}
	for i, want := range []string{
		"\ufeffpromotion_packet_id,note\r\npp-1,\"two\r\nlines, and \"\"quotes\"\"\"\r\n",
		"\ufeffpromotion_packet_id,note\r\npp-2,plain",
	} {
		if got := string(packets[i].Document()); got != want || packets[i].Header.PromotionPacketID != fmt.Sprintf("pp-%d", i+1) {
			t.Errorf("packet %q is %q, want %q", packets[i].Header.PromotionPacketID, got, want)
		}
	}
}

func TestBadFolders(t *testing.T) {
	good := &fstest.MapFile{Data: []byte(doc())}
	for name, folder := range map[string]fstest.MapFS{
		"no packet.json":       {"exhibits/a.pdf": good},
		"a folder of exhibits": {"packet.json": good, "exhibits/more/a.pdf": good},
		"a link":               {"packet.json": good, "exhibits/a.pdf": &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../packet.json")}},
	} {
		if p, err := archive.ReadFolder(folder); err == nil {
			t.Errorf("%s: read as %+v", name, p.Header)
		}
	}
	p, err := archive.ReadFolder(fstest.MapFS{"packet.json": good})
	if err != nil || len(p.Exhibits) != 0 {
		t.Errorf("a folder without exhibits: %+v, %v", p, err)
	}
}

func TestReadOnlyArchive(t *testing.T) {
	cfg := config(t)
	for name, c := range map[string]archive.Config{"no signer": {Operator: "x"}, "no operator": {Signer: cfg.Signer}} {
		if _, err := over(t, memworm.New(), c).Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, archive.ErrReadOnly) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
