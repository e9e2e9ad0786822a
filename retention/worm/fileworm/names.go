package fileworm

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// URI implements [worm.Driver]: the file:// URL of the object's own file.
func (d *driver) URI(ref worm.Ref) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(d.dir) + "/" + ref.Key}
	return u.String()
}

// ParseURI implements [worm.Driver].
func (d *driver) ParseURI(uri string) (worm.Ref, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return worm.Ref{}, err
	}
	key, ours := strings.CutPrefix(u.Path, filepath.ToSlash(d.dir)+"/")
	if u.Scheme != "file" || u.Host != "" || !ours {
		return worm.Ref{}, fmt.Errorf("%w: this one is file://%s", worm.ErrForeignURI, d.dir)
	}
	return worm.Ref{Key: key}, nil
}
