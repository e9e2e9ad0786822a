package main

import (
	"errors"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// verified is an archive.Report in JSON.
type verified struct {
	Confirmed   bool      `json:"confirmed"` // all was looked at, and nothing found
	Rows        int64     `json:"rows"`      // of the log that were checked
	Commits     int64     `json:"commits"`
	Derived     int64     `json:"derived_objects"`
	Checkpoints int64     `json:"checkpoints"`
	LaterRows   int64     `json:"later_schema_rows,omitempty"`
	RootSHA256  string    `json:"root_sha256,omitempty"`
	Exports     int       `json:"exports"`
	Objects     int       `json:"objects"`
	Bytes       int64     `json:"bytes"`
	Superseded  []string  `json:"superseded,omitempty"`
	NextRow     int64     `json:"next_export_row_id,omitempty"` // with which a check that ended early goes on
	Findings    []finding `json:"findings"`

	scope verifyFlags
}

func verifiedOf(r archive.Report, f verifyFlags, err error) verified {
	v := verified{
		Confirmed: err == nil, Rows: r.Log.Rows, Commits: r.Log.Commits, Derived: r.Log.Derived, Checkpoints: r.Log.Checkpoints, LaterRows: r.Log.Later,
		Exports: r.Exports, Objects: r.Objects, Bytes: r.Bytes, Superseded: r.Superseded, NextRow: r.Next, Findings: findings(r.Findings), scope: f,
	}
	if !r.Log.Head.Root.IsZero() {
		v.RootSHA256 = r.Log.Head.Root.String()
	}
	// An error that is no finding ended the check before all was looked at.
	if len(v.Findings) == 0 && (errors.Is(err, archive.ErrNotConfirmed) || errors.Is(err, exportlog.ErrDamaged)) {
		v.Findings = append(v.Findings, finding{Kind: "damaged", Problem: err.Error()})
	}
	return v
}

func (v verified) draw(p *screen.Page) {
	if v.scope.rows == (rowsFlag{}) {
		p.Line("log      %s in %s, %s, %s", screen.Count(v.Rows, "row"), screen.Count(v.Commits, "commit"), screen.Count(v.Derived, "derived object"), screen.Count(v.Checkpoints, "checkpoint"))
		if v.RootSHA256 != "" {
			p.Line("         %s", p.Dim("root "+v.RootSHA256))
		}
	}
	if !v.scope.log {
		p.Line("exports  %d looked at: %s, %s read", v.Exports, screen.Count(v.Objects, "object"), screen.Size(v.Bytes))
	}
	if v.LaterRows > 0 {
		p.Mind("written by a later version: %s; what it added is not checked", screen.Count(v.LaterRows, "row"))
	}
	for _, key := range v.Superseded {
		p.Line("         %s", p.Dim("superseded, and kept: "+screen.Clean(key)))
	}
	p.Gap()
	switch {
	case len(v.Findings) > 0:
		drawFindings(p, v.Findings)
		p.Gap()
		p.Bad("%s", sumOf(v.Findings))
	case v.Confirmed:
		p.Good("all is as it was written")
	default:
		p.Mind("nothing wrong so far, and not all was looked at")
	}
}
