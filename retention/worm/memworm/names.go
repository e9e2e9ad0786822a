package memworm

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// URI implements [worm.Driver]: mem://name/key?versionId=7.
func (b *Bucket) URI(ref worm.Ref) string {
	u := url.URL{Scheme: "mem", Host: b.name, Path: "/" + ref.Key}
	if ref.Version != "" {
		u.RawQuery = url.Values{"versionId": {ref.Version}}.Encode()
	}
	return u.String()
}

// ParseURI implements [worm.Driver].
func (b *Bucket) ParseURI(uri string) (worm.Ref, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return worm.Ref{}, err
	}
	if u.Scheme != "mem" || u.Host != b.name {
		return worm.Ref{}, fmt.Errorf("%w: this one is mem://%s", worm.ErrForeignURI, b.name)
	}
	key, ok := strings.CutPrefix(u.Path, "/")
	if !ok || key == "" {
		return worm.Ref{}, errors.New("it names no object")
	}
	return worm.Ref{Key: key, Version: u.Query().Get("versionId")}, nil
}
