package exportlog_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// The rows of a packet, read once, fold to what the log says one export at a time.
func TestFold(t *testing.T) {
	l := open(t, memworm.New())
	first, err := l.Append(t.Context(), export("pp-1", "a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(),
		exportlog.Row{Kind: exportlog.KindHold, PromotionPacketID: "pp-1", SubjectExportRowID: 1, MatterID: "M-1", IdempotencyKey: "hold"},
		exportlog.Row{Kind: exportlog.KindCorrection, PromotionPacketID: "pp-1", CorrectionOfExportRowID: 1, ExportOperatorAck: "release-ops/b", IdempotencyKey: "correction"},
		export("pp-1", "b"),
	); err != nil {
		t.Fatal(err)
	}
	rows, err := l.Find(t.Context(), exportlog.Query{PromotionPacketID: "pp-1"})
	if err != nil {
		t.Fatal(err)
	}
	folded := exportlog.Fold(rows)
	if len(folded) != 2 || !folded[0].Held() || folded[0].ExportOperatorAck != "release-ops/b" || folded[1].Held() {
		t.Fatalf("%+v", folded)
	}
	want, err := l.CurrentOf(t.Context(), first[0].ExportRowID)
	if err != nil || !reflect.DeepEqual(folded[0], want) {
		t.Errorf("%+v, want %+v (%v)", folded[0], want, err)
	}
	if got := exportlog.Fold(nil); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// The public key as others read it is the one that signed.
func TestCheckpointKeyAsPEM(t *testing.T) {
	for range 50 { // some keys have a plus in their base64
		key := checkpointKey(t)
		b, err := key.PublicPEM()
		if err != nil {
			t.Fatal(err)
		}
		block, rest := pem.Decode(b)
		pub, err := x509.ParsePKIXPublicKey(block.Bytes)
		if _, ok := pub.(ed25519.PublicKey); err != nil || !ok || len(rest) > 0 {
			t.Fatalf("%T, %v", pub, err)
		}
		public, err := exportlog.NewCheckpointKey("", key.Public())
		if err != nil || public.CanSign() || !key.CanSign() || strings.Count(public.Public(), "+") < 2 {
			t.Fatalf("%v", err)
		}
	}
}
