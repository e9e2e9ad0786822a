package archive

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// WriteS3BatchManifest writes every object of the exports selected as a manifest of S3
// Batch Operations: CSV lines of bucket, key and version id, each object once for an
// export. A job with the operation S3PutObjectLegalHold (or S3PutObjectRetention) over
// that file changes millions of objects without a request from here. The job's report
// is the store's word and no row; call [Archive.Hold] afterwards, which finds the holds
// set and appends the rows. It returns how many objects it wrote. A bucket that is not
// on S3 is an error that matches [worm.ErrUnsupported].
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-legal-hold.html.
func (a *Archive) WriteS3BatchManifest(ctx context.Context, w io.Writer, s Selection) (int, error) {
	n, err := a.writeS3BatchManifest(ctx, w, s)
	if err != nil {
		return n, fmt.Errorf("archive: write S3 batch manifest: %w", err)
	}
	return n, nil
}

func (a *Archive) writeS3BatchManifest(ctx context.Context, w io.Writer, s Selection) (n int, err error) {
	out := csv.NewWriter(w)
	manifests := a.newManifestReader()
	last := ""
	for c, err := range a.Select(ctx, s) {
		if err != nil {
			return n, err
		}
		refs, err := manifests.refs(ctx, c.Exported)
		if err != nil {
			return n, err
		}
		if refs[0].Key == last { // of one batch
			refs = refs[1:]
		} else {
			last = refs[0].Key
		}
		for _, ref := range refs {
			record, err := a.s3Object(ctx, ref)
			if err == nil {
				err = out.Write(record)
			}
			if err != nil {
				return n, err
			}
			n++
		}
	}
	out.Flush()
	return n, out.Error()
}

// s3Object is a line of the manifest. Keys are URL-encoded there.
func (a *Archive) s3Object(ctx context.Context, ref worm.Ref) ([]string, error) {
	if ref.Version == "" {
		o, err := a.store.State(ctx, ref)
		if err != nil {
			return nil, err
		}
		ref = o.Ref
	}
	if ref.Version == "" {
		return nil, fmt.Errorf("%w: the bucket has no versions", worm.ErrUnsupported)
	}
	address, isS3 := strings.CutPrefix(a.store.URI(ref), "s3://")
	if !isS3 {
		return nil, fmt.Errorf("%w: the bucket is not on S3: its objects have addresses such as %s", worm.ErrUnsupported, a.store.URI(ref))
	}
	bucket, key, _ := strings.Cut(address[:strings.LastIndex(address, "?versionId=")], "/")
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return []string{bucket, strings.Join(segments, "/"), ref.Version}, nil
}
