package main

import (
	"context"
	"io"

	"github.com/holdfast-archive/holdfast/archive"
)

// s3BatchFile is a manifest of S3 Batch Operations that was written.
type s3BatchFile struct {
	File    string `json:"file"`
	Objects int    `json:"objects"`
}

func s3Batch(ctx context.Context, a *archive.Archive, sel archive.Selection, path string) (s3BatchFile, error) {
	written := s3BatchFile{File: path}
	err := writeNew(path, func(w io.Writer) (err error) {
		written.Objects, err = a.WriteS3BatchManifest(ctx, w, sel)
		return err
	})
	return written, err
}
