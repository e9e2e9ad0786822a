//go:build cgo

package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// The documented queries, over a log as it lies in its directory.
func TestDuckDBQueries(t *testing.T) {
	_, l, _, dir := publish(t, 300)
	for _, r := range []exportlog.Row{
		{Kind: exportlog.KindLink, SubjectExportRowID: 7, PromotionPacketID: "pp-6", IncidentTicketID: "INC-1", DivergenceSummary: "a \"b\"\nc", IdempotencyKey: "l"},
		{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: 1, PromotionPacketID: "pp-0", PromotionDecision: "decline", IdempotencyKey: "c1"},
		{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: 302, PromotionPacketID: "pp-0", ClearedFields: []string{"export_operator_ack"}, IdempotencyKey: "c2"},
		{Kind: exportlog.KindHold, SubjectExportRowID: 9, PromotionPacketID: "pp-8", IdempotencyKey: "h1"},
		{Kind: exportlog.KindHold, SubjectExportRowID: 10, PromotionPacketID: "pp-9", IdempotencyKey: "h2"},
		{Kind: exportlog.KindRelease, SubjectExportRowID: 10, PromotionPacketID: "pp-9", IdempotencyKey: "r2"},
	} {
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	queries := documented(t, "../queries/duckdb.sql", dir)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), queries["log"]); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"exports and what was bound to them":                 300,
		"corrections of an export, and corrections of those": 2,
		"under legal hold":                                   1,
		"rows whose predecessor is not what they record":     0,
		"numbers that are missing":                           0,
	} {
		if got := count(t, db, queries[name]); got != want {
			t.Errorf("%s: %d rows, want %d", name, got, want)
		}
	}
	if got := count(t, db, `SELECT * FROM log WHERE incident_ticket_id = 'INC-1' AND divergence_summary = 'a "b"' || chr(10) || 'c'`); got != 1 {
		t.Errorf("%d rows are of the incident", got)
	}

	changed(t, filepath.Join(dir, "log/commits/000/000/000/002.jsonl"), func() {
		if got := count(t, db, queries["rows whose predecessor is not what they record"]); got == 0 {
			t.Error("a changed row was not missed")
		}
	})
}

// documented reads the named queries of a file.
func documented(t *testing.T, path, bucket string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, part := range strings.Split(string(text), "-- name: ")[1:] {
		name, query, _ := strings.Cut(part, "\n")
		queries[name] = strings.ReplaceAll(query, "BUCKET", bucket)
	}
	if len(queries) < 6 {
		t.Fatalf("%d queries in %s", len(queries), path)
	}
	return queries
}

func count(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(fmt.Errorf("%w in %s", err, query))
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
