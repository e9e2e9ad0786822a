package s3worm

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// CountUploads implements [worm.Uploads]. It takes s3:ListBucketMultipartUploads, and a
// request for every thousand uploads.
func (d *driver) CountUploads(ctx context.Context, prefix string, before time.Time) (n int, err error) {
	in := &s3.ListMultipartUploadsInput{Bucket: &d.bucket, Prefix: d.key(prefix)}
	for more := true; more; {
		page, err := d.client.ListMultipartUploads(ctx, in)
		if err != nil {
			return 0, classify(err)
		}
		for _, u := range page.Uploads {
			if u.Initiated != nil && u.Initiated.Before(before) {
				n++
			}
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
		more = aws.ToBool(page.IsTruncated) && aws.ToString(in.KeyMarker) != ""
	}
	return n, nil
}
