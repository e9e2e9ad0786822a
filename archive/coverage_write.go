package archive

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// CoverageJSON writes what is found as one JSON object: findings, an array of
// [CoverageFinding], one to a line as it is found, and summary, a [CoverageSummary].
// After an error of [Archive.Coverage] other than a damaged log the object is not whole.
func CoverageJSON(w io.Writer) CoverageOutput {
	return &coverageJSON{out: bufio.NewWriter(w), before: `{"findings":[` + "\n"}
}

type coverageJSON struct {
	out    *bufio.Writer
	before string // the next finding
}

func (j *coverageJSON) Finding(f CoverageFinding) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	j.out.WriteString(j.before)
	_, err = j.out.Write(line)
	j.before = ",\n"
	return err
}

func (j *coverageJSON) Summary(s CoverageSummary) error {
	line, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return err
	}
	if j.before != ",\n" {
		j.out.WriteString(j.before)
	}
	fmt.Fprintf(j.out, "],\n\"summary\":%s}\n", line)
	return j.out.Flush()
}

// coverageColumns are the columns of [CoverageCSV], in order.
var coverageColumns = []string{
	"kind", "promotion_packet_id", "promotion_decision", "promotion_decision_at_utc", "export_row_id", "retention_class", "exported_at_utc",
	"recorded_at_utc", "late_by_seconds", "incident_ticket_id", "rollback_event_id", "problem",
}

// CoverageCSV writes what is found as a table, with the fields of [CoverageFinding] as
// columns and a line for each finding, in the format of [exportlog.CSVWriter]. The
// summary is not in it.
func CoverageCSV(w io.Writer) CoverageOutput { return &coverageCSV{w: w} }

type coverageCSV struct {
	w   io.Writer
	out *exportlog.CSVWriter
}

// start writes the header.
func (c *coverageCSV) start() (err error) {
	if c.out == nil {
		c.out, err = exportlog.NewCSVWriter(c.w, coverageColumns...)
	}
	return err
}

func (c *coverageCSV) Finding(f CoverageFinding) error {
	if err := c.start(); err != nil {
		return err
	}
	return c.out.Write(
		string(f.Kind), f.PromotionPacketID, f.PromotionDecision, unlessZero(f.PromotionDecisionAtUTC), numberUnlessZero(f.ExportRowID), string(f.RetentionClass),
		unlessZero(f.ExportedAtUTC), unlessZero(f.RecordedAtUTC), numberUnlessZero(f.LateBySeconds), f.IncidentTicketID, f.RollbackEventID, f.Problem,
	)
}

func (c *coverageCSV) Summary(CoverageSummary) error {
	if err := c.start(); err != nil {
		return err
	}
	return c.out.Flush()
}

func unlessZero(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return utc(t)
}

func numberUnlessZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
