package linkage

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// CloudEventMediaType is that of a CloudEvent in the structured mode.
const CloudEventMediaType = "application/cloudevents+json; charset=UTF-8"

// typePrefix begins the types of our events, as reversed domain names do.
const typePrefix = "com.github.holdfast-archive."

// eventTypes are the CloudEvents types, by kind of row. Their data is the row; a later
// schema_version of it adds fields and changes none.
var eventTypes = map[exportlog.Kind]string{
	exportlog.KindExport:     typePrefix + "exported.v1",
	exportlog.KindLink:       typePrefix + "linked.v1",
	exportlog.KindCorrection: typePrefix + "corrected.v1",
	exportlog.KindHold:       typePrefix + "held.v1",
	exportlog.KindRelease:    typePrefix + "released.v1",
	exportlog.KindExtend:     typePrefix + "extended.v1",
	exportlog.KindDrill:      typePrefix + "drilled.v1",
}

// CloudEvent is a row of the log as an event, by CloudEvents 1.0
// (https://github.com/cloudevents/spec). Source and ID together are the same whenever,
// and by whomever, the row is sent: receivers keep the first and drop the others.
type CloudEvent struct {
	SpecVersion     string         `json:"specversion"` // 1.0
	ID              string         `json:"id"`          // the source, a slash and the export_row_id
	Source          string         `json:"source"`      // of the log: a URI reference
	Type            string         `json:"type"`
	Subject         string         `json:"subject"` // promotion_packet_id
	Time            time.Time      `json:"time"`    // recorded_at_utc
	DataContentType string         `json:"datacontenttype"`
	Data            jsontext.Value `json:"data"` // the row's own line
}

// NewCloudEvent returns a row of the log that a source names, as an event. A kind of
// row that this version does not know has the type row.v1.
func NewCloudEvent(source string, row exportlog.Row) CloudEvent {
	kind, ok := eventTypes[row.Kind]
	if !ok {
		kind = typePrefix + "row.v1"
	}
	return CloudEvent{
		SpecVersion: "1.0", ID: source + "/" + strconv.FormatInt(row.ExportRowID, 10), Source: source, Type: kind, Subject: row.PromotionPacketID,
		Time: row.RecordedAtUTC.UTC(), DataContentType: "application/json", Data: jsontext.Value(row.Line()),
	}
}

// Encode returns the event in the structured mode. The row's fields and their order are
// as in the log.
func (e CloudEvent) Encode() ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("linkage: encode event %s: %w", e.ID, err)
	}
	return b, nil
}
