package s3worm

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// URI implements [worm.Driver]: s3://bucket/key?versionId=….
func (d *driver) URI(ref worm.Ref) string {
	u := url.URL{Scheme: "s3", Host: d.bucket, Path: "/" + d.prefix + ref.Key}
	if ref.Version != "" {
		u.RawQuery = url.Values{"versionId": {ref.Version}}.Encode()
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
	if u.Scheme != "s3" || u.Host != d.bucket || !ours {
		return worm.Ref{}, fmt.Errorf("%w: this one is s3://%s/%s", worm.ErrForeignURI, d.bucket, d.prefix)
	}
	return worm.Ref{Key: key, Version: u.Query().Get("versionId")}, nil
}
