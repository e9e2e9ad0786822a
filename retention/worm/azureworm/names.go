package azureworm

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// URI implements [worm.Driver]: azblob://container/key?versionid=….
func (d *driver) URI(ref worm.Ref) string {
	u := url.URL{Scheme: "azblob", Host: d.name, Path: "/" + d.prefix + ref.Key}
	if ref.Version != "" {
		u.RawQuery = url.Values{"versionid": {ref.Version}}.Encode()
	}
	return u.String()
}

// ParseURI implements [worm.Driver].
func (d *driver) ParseURI(uri string) (worm.Ref, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return worm.Ref{}, err
	}
	key, ours := strings.CutPrefix(u.Path, "/"+d.prefix)
	if u.Scheme != "azblob" || u.Host != d.name || !ours {
		return worm.Ref{}, fmt.Errorf("%w: this one is azblob://%s/%s", worm.ErrForeignURI, d.name, d.prefix)
	}
	return worm.Ref{Key: key, Version: u.Query().Get("versionid")}, nil
}
