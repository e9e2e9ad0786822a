package gcsworm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// URI implements [worm.Driver]: gs://bucket/key#generation. The key stands as it
// is, for that is how Google's tools read it.
func (d *driver) URI(ref worm.Ref) string {
	uri := "gs://" + d.name + "/" + d.prefix + ref.Key
	if ref.Version != "" || strings.Contains(ref.Key, "#") {
		uri += "#" + ref.Version
	}
	return uri
}

// ParseURI implements [worm.Driver].
func (d *driver) ParseURI(uri string) (worm.Ref, error) {
	rest, ours := strings.CutPrefix(uri, "gs://"+d.name+"/"+d.prefix)
	if !ours {
		return worm.Ref{}, fmt.Errorf("%w: this one is gs://%s/%s", worm.ErrForeignURI, d.name, d.prefix)
	}
	at := strings.LastIndexByte(rest, '#')
	if at < 0 {
		return worm.Ref{Key: rest}, nil
	}
	if _, err := parseGeneration(rest[at+1:]); err != nil && rest[at+1:] != "" {
		return worm.Ref{}, err
	}
	return worm.Ref{Key: rest[:at], Version: rest[at+1:]}, nil
}

// parseGeneration reads a generation as the service writes it.
func parseGeneration(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != s {
		return 0, errors.New("a generation is a positive number")
	}
	return n, nil
}
