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
	if isURI(export) {
		evidence, err := a.Retrieve(ctx, export)
		return evidence.Row, err
	}
	var row exportlog.Row
	err := firstMeant(export, func(q exportlog.Query) error {
		located, err := linkage.New(a).Locate(ctx, q)
		row = located.Export
		return err
	})
	return row, err
}

func isURI(export string) bool { return strings.Contains(export, "://") }

// meanings are what an export may be named by.
func meanings(export string) []exportlog.Query {
	if row, err := strconv.ParseInt(export, 10, 64); err == nil && row > 0 {
		return []exportlog.Query{{ExportRowID: row}}
	}
	return []exportlog.Query{{PromotionPacketID: export}, {IncidentTicketID: export}, {RollbackEventID: export}, {ExportBatchID: export}}
}

// firstMeant tries what an export may be named by, until something is found. If nothing
// is, the error is the one that names what is near.
func firstMeant(export string, try func(exportlog.Query) error) error {
	var nothing error
	for _, q := range meanings(export) {
		err := try(q)
		if !errors.Is(err, linkage.ErrNotLocated) {
			return err
		}
		if nothing == nil || !namesNearest(nothing) && namesNearest(err) {
			nothing = err
		}
	}
	return nothing
}

func namesNearest(err error) bool {
	var e *linkage.NotLocatedError
	return errors.As(err, &e) && len(e.Nearest) > 0
}
