package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// bare makes nothing but the names of the index: for each line two folders, a file, and a
// second name for it. There is no log, nothing is hashed, and nothing is synced, so no
// log with such an index in a directory of this machine is faster.
func bare(dir string) (appendFunc, func() error, error) {
	packets, batches := filepath.Join(dir, "packet"), filepath.Join(dir, "batch")
	if err := errors.Join(os.Mkdir(packets, 0o755), os.Mkdir(batches, 0o755)); err != nil {
		return nil, nil, err
	}
	return func(_ context.Context, id string) error {
		packet, batch := filepath.Join(packets, id), filepath.Join(batches, id)
		if err := errors.Join(os.Mkdir(packet, 0o755), os.Mkdir(batch, 0o755)); err != nil {
			return err
		}
		file := filepath.Join(packet, "000000000001.json")
		return errors.Join(os.WriteFile(file, line(id), 0o444), os.Link(file, filepath.Join(batch, "000000000001.json")))
	}, noSettling, nil
}
