package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// locate finds the one export row that is meant by a row's number, an archive_uri or an
// id. A row that is about an export leads to it.
func locate(ctx context.Context, a *archive.Archive, export string) (exportlog.Row, error) {
	if strings.Contains(export, "://") {
		evidence, err := a.Retrieve(ctx, export)
		return evidence.Row, err
	}
	var first error
	for _, q := range meanings(export) {
		located, err := linkage.New(a).Locate(ctx, q)
		if !errors.Is(err, linkage.ErrNotLocated) {
			return located.Export, err
		}
		if first == nil {
			first = err // it names the packets that are near
		}
	}
	return exportlog.Row{}, first
}

// meanings are what an export may be named by.
func meanings(export string) []exportlog.Query {
	if row, err := strconv.ParseInt(export, 10, 64); err == nil && row > 0 {
		return []exportlog.Query{{ExportRowID: row}}
	}
	return []exportlog.Query{{PromotionPacketID: export}, {IncidentTicketID: export}, {RollbackEventID: export}, {ExportBatchID: export}}
}
