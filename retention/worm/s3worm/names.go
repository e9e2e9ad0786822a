package s3worm

import (
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const versionParameter = "?versionId="

// URI implements [worm.Driver]: s3://bucket/key?versionId=…. The key stands as it
// is, for that is how the AWS command line reads it.
func (d *driver) URI(ref worm.Ref) string {
	uri := "s3://" + d.bucket + "/" + d.prefix + ref.Key
	if ref.Version != "" || strings.Contains(ref.Key, versionParameter) {
		uri += versionParameter + ref.Version
	}
	return uri
}

// ParseURI implements [worm.Driver].
func (d *driver) ParseURI(uri string) (worm.Ref, error) {
	rest, ours := strings.CutPrefix(uri, "s3://"+d.bucket+"/"+d.prefix)
	if !ours {
		return worm.Ref{}, fmt.Errorf("%w: this one is s3://%s/%s", worm.ErrForeignURI, d.bucket, d.prefix)
	}
	at := strings.LastIndex(rest, versionParameter)
	if at < 0 {
		return worm.Ref{Key: rest}, nil
	}
	return worm.Ref{Key: rest[:at], Version: rest[at+len(versionParameter):]}, nil
}
