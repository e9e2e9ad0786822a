package spool_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// What cannot be exported now waits on disk. Package archive does this with Config.Spool.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := spool.Open(dir+"/holdfast", spool.Limits{MaxBytes: 1 << 20})
	if err != nil {
		panic(err)
	}
	defer s.Close()

	document := `{"promotion_packet_id": "pp-1"}`
	_, err = s.Add(ctx, spool.Entry{
		PromotionPacketID:      "pp-1",
		PromotionDecisionAtUTC: time.Date(2026, 8, 4, 10, 22, 0, 0, time.UTC),
		ExportOperatorAck:      "release-ops/pipeline-42",
		Files: []spool.File{{
			Path: "packet.json", Size: int64(len(document)), SHA256: worm.Sum([]byte(document)).String(),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(document)), nil },
		}},
	})
	if err != nil {
		panic(err)
	}
	waiting, err := s.Entries(ctx)
	fmt.Println(len(waiting), waiting[0].PromotionPacketID, waiting[0].ExportOperatorAck, err)
	// Output: 1 pp-1 release-ops/pipeline-42 <nil>
}
