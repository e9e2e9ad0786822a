package archive_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// doc is a packet with some fields changed; a value of "" removes one.
func doc(changes ...string) string {
	fields := map[string]string{
		"promotion_packet_id": `"pp-1"`, "promotion_decision": `"promote"`, "promotion_decision_at_utc": `"2026-08-04T10:22:00Z"`,
	}
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	var all []string
	for name, value := range fields {
		if value != "" {
			all = append(all, fmt.Sprintf("%q: %s", name, value))
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// Each bad packet is refused with an error of its kind that names packet and
// field, and leaves nothing behind.
func TestBadPacketsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		field    string
		want     error
	}{
		"no id":                  {doc("promotion_packet_id", ""), "promotion_packet_id", archive.ErrMissing},
		"empty id":               {doc("promotion_packet_id", `""`), "promotion_packet_id", archive.ErrMissing},
		"id with a newline":      {doc("promotion_packet_id", `"pp\n1"`), "promotion_packet_id", archive.ErrBadID},
		"id with a NUL":          {doc("promotion_packet_id", `"pp\u0000"`), "promotion_packet_id", archive.ErrBadID},
		"id of 10 kB":            {doc("promotion_packet_id", `"`+strings.Repeat("x", 10<<10)+`"`), "promotion_packet_id", archive.ErrBadID},
		"id that is a number":    {doc("promotion_packet_id", `7`), "promotion_packet_id", archive.ErrMalformed},
		"no decision":            {doc("promotion_decision", ""), "promotion_decision", archive.ErrNotFinal},
		"unknown decision":       {doc("promotion_decision", `"maybe"`), "promotion_decision", archive.ErrUnknownDecision},
		"decision in capitals":   {doc("promotion_decision", `"PROMOTE"`), "promotion_decision", archive.ErrUnknownDecision},
		"hold":                   {doc("promotion_decision", `"hold"`), "promotion_decision", archive.ErrRefused},
		"cancelled":              {doc("promotion_decision", `"cancelled"`), "promotion_decision", archive.ErrRefused},
		"no time":                {doc("promotion_decision_at_utc", ""), "promotion_decision_at_utc", archive.ErrNotFinal},
		"null time":              {doc("promotion_decision_at_utc", "null"), "promotion_decision_at_utc", archive.ErrNotFinal},
		"time in the future":     {doc("promotion_decision_at_utc", `"2026-09-01T12:02:01Z"`), "promotion_decision_at_utc", archive.ErrNotFinal},
		"time that is no time":   {doc("promotion_decision_at_utc", `"yesterday"`), "promotion_decision_at_utc", archive.ErrMalformed},
		"time in another zone":   {doc("promotion_decision_at_utc", `"2026-08-04T10:22:00+09:00"`), "promotion_decision_at_utc", archive.ErrMalformed},
		"time without a zone":    {doc("promotion_decision_at_utc", `"2026-08-04T10:22:00"`), "promotion_decision_at_utc", archive.ErrMalformed},
		"list of numbers":        {doc("jurisdictions", "[1]"), "jurisdictions", archive.ErrMalformed},
		"windows below zero":     {doc("consecutive_yellow_windows", "-1"), "consecutive_yellow_windows", archive.ErrMalformed},
		"windows in halves":      {doc("consecutive_yellow_windows", "1.5"), "consecutive_yellow_windows", archive.ErrMalformed},
		"unknown class":          {doc("retention_class", `"forever"`), "retention_class", archive.ErrMalformed},
		"empty":                  {"", "", archive.ErrMalformed},
		"white space":            {" \n", "", archive.ErrMalformed},
		"null":                   {"null", "", archive.ErrMalformed},
		"an array":               {"[]", "", archive.ErrMalformed},
		"cut off":                {`{"promotion_packet_id": "pp-1"`, "", archive.ErrMalformed},
		"two documents":          {doc() + doc(), "", archive.ErrMalformed},
		"invalid UTF-8":          {doc("lane", "\"\xff\""), "lane", archive.ErrMalformed},
		"repeated field":         {`{"promotion_packet_id": "pp-1", "promotion_packet_id": "pp-2"}`, "promotion_packet_id", archive.ErrMalformed},
		"repeated inner field":   {doc("more", `{"a": 1, "a": 2}`), "a", archive.ErrMalformed},
		"larger than the bounds": {doc("more", `"`+strings.Repeat("x", archive.MaxPacketBytes)+`"`), "", archive.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			b := memworm.New()
			cfg := config(t)
			cfg.Policy = nil
			a := over(t, b, cfg)
			p, err := archive.ParseJSON([]byte(c.document))
			if err == nil {
				_, err = a.ExportBatch(t.Context(), []archive.Packet{packet(t, "good"), p})
			}
			wantPacketError(t, err, c.field, c.want)
			if left := keys(t, b); len(left) != 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

func wantPacketError(t *testing.T, err error, field string, want error) {
	t.Helper()
	var problem *archive.PacketError
	if !errors.Is(err, want) || !errors.As(err, &problem) {
		t.Fatalf("error %v; want a PacketError that matches %q", err, want)
	}
	if problem.Field != field {
		t.Errorf("it names field %q, want %q: %v", problem.Field, field, err)
	}
	if len(err.Error()) > 1000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

// What is hostile but can be kept is kept, each in its own place.
func TestHostileIDsAreKept(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	ids := []string{
		"../../etc/passwd", "..", ".", "/", "a/b", "a b", "a#b", "a?b", "a%2Fb", "%", "-rf", "~", ".hidden", "CON", "ギルド #5", "ÉVÉNEMENTS",
		"e\u0301", "\u00e9", "a\\b", `a"b`, "$(x)", "\u202egnp", "\U0001F680", strings.Repeat("é", 100), "trailing ", " leading", "A", "a",
	}
	for _, id := range ids {
		receipt, err := a.Export(t.Context(), packet(t, id))
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		e, err := a.Retrieve(t.Context(), receipt.ArchiveURI)
		if err != nil || e.Packet.PromotionPacketID != id || receipt.ReexportOfExportRowID != 0 {
			t.Errorf("%q came back as %q (%v), a re-export of row %d", id, e.Packet.PromotionPacketID, err, receipt.ReexportOfExportRowID)
		}
		if strings.Contains(receipt.ArchiveURI, "..") {
			t.Errorf("%q has the address %s", id, receipt.ArchiveURI)
		}
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Two packets with one id and different bytes are both kept, and the second says
// so.
func TestSameIDOtherBytes(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	first, err := a.Export(t.Context(), parse(t, doc()))
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Export(t.Context(), parse(t, doc("lane", `"economy"`)))
	if err != nil {
		t.Fatal(err)
	}
	if second.AlreadyExported || second.ReexportOfExportRowID != first.ExportRowID || second.ArchiveURI == first.ArchiveURI {
		t.Errorf("second receipt %+v", second)
	}
	for _, r := range []archive.Receipt{first, second} {
		if _, err := a.Confirm(t.Context(), r.Row); err != nil {
			t.Error(err)
		}
	}
}

func exhibit(name, content string) archive.Exhibit {
	return archive.Exhibit{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func TestBadExhibitsAreRefused(t *testing.T) {
	changing := 0
	for name, exhibits := range map[string][]archive.Exhibit{
		"path":                  {exhibit("a/b.pdf", "x")},
		"Windows path":          {exhibit(`a\b.pdf`, "x")},
		"climbing":              {exhibit("../b.pdf", "x")},
		"dot dot":               {exhibit("..", "x")},
		"no name":               {exhibit("", "x")},
		"control character":     {exhibit("a\x1bb", "x")},
		"invalid UTF-8":         {exhibit("a\xff", "x")},
		"10 kB of name":         {exhibit(strings.Repeat("x", 10<<10), "x")},
		"same name twice":       {exhibit("a.pdf", "x"), exhibit("a.pdf", "y")},
		"same name in capitals": {exhibit("a.pdf", "x"), exhibit("A.PDF", "y")},
		"cannot be opened":      {archive.FileExhibit("no/such/file.pdf")},
		"nothing to open":       {{Name: "a.pdf"}},
		"a folder":              {archive.FileExhibit(t.TempDir())},
		"changes as it is read": {{Name: "a.pdf", Open: func() (io.ReadCloser, error) {
			changing++
			return io.NopCloser(strings.NewReader(fmt.Sprint(changing))), nil
		}}},
		"vanishes between reads": {{Name: "a.pdf", Open: onceOnly("x")}},
	} {
		t.Run(name, func(t *testing.T) {
			a := over(t, memworm.New(), config(t))
			_, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibits...))
			var problem *archive.PacketError
			if !errors.Is(err, archive.ErrBadExhibit) || !errors.As(err, &problem) || problem.PromotionPacketID != "pp-1" || !strings.HasPrefix(problem.Field, "exhibit ") {
				t.Errorf("error %v", err)
			}
			if n := len(rows(t, a)); n != 0 {
				t.Errorf("%d rows", n)
			}
		})
	}
}

func onceOnly(content string) func() (io.ReadCloser, error) {
	opened := false
	return func() (io.ReadCloser, error) {
		if opened {
			return nil, fs.ErrNotExist
		}
		opened = true
		return io.NopCloser(strings.NewReader(content)), nil
	}
}

// An unreadable exhibit on disk, as a user has it.
func TestUnreadableExhibit(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	path := t.TempDir() + "/scorecard.pdf"
	if err := os.WriteFile(path, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	a := over(t, memworm.New(), config(t))
	if _, err := a.Export(t.Context(), packet(t, "pp-1").With(archive.FileExhibit(path))); !errors.Is(err, archive.ErrBadExhibit) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
}

// The same packet with other exhibits is another export; the first exhibits stay
// where they are.
func TestSamePacketOtherExhibits(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	p := packet(t, "pp-1")
	var receipts []archive.Receipt
	for _, exhibits := range [][]archive.Exhibit{{exhibit("a #1.pdf", "one")}, {exhibit("a #1.pdf", "two")}, {}, {exhibit("a #1.pdf", "one")}} {
		r, err := a.Export(t.Context(), p.With(exhibits...))
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	for i, want := range []string{"one", "two", ""} {
		c, err := a.Confirm(t.Context(), receipts[i].Row)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if len(c.Evidence.Packet.Exhibits) != 0 {
				t.Errorf("export %d has exhibits", i)
			}
			continue
		}
		if got := readAll(t, func() (io.ReadCloser, error) { return c.Evidence.Exhibit(t.Context(), "a #1.pdf") }); string(got) != want {
			t.Errorf("export %d has %q, want %q", i, got, want)
		}
	}
	if !receipts[3].AlreadyExported || receipts[3].ExportRowID != receipts[0].ExportRowID {
		t.Errorf("the first again gave %+v", receipts[3])
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
