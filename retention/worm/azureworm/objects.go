package azureworm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Open implements [worm.Driver].
func (d *driver) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	c, err := d.blob(ref)
	if err != nil {
		return nil, err
	}
	out, err := c.DownloadStream(ctx, nil)
	if err != nil {
		return nil, classifyRead(ref, err)
	}
	if err := sameVersion(ref, out.VersionID); err != nil {
		return nil, errors.Join(err, out.Body.Close())
	}
	return out.Body, nil
}

// sameVersion refuses an answer about another version than the one asked for, as
// a service gives that keeps none.
func sameVersion(ref worm.Ref, got *string) error {
	if ref.Version != "" && (got == nil || *got != ref.Version) {
		return fmt.Errorf("%w: the service does not answer for version %.80q", worm.ErrNotFound, ref.Version)
	}
	return nil
}

// State implements [worm.Driver].
func (d *driver) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	c, err := d.blob(ref)
	if err != nil {
		return worm.Object{}, err
	}
	props, err := c.GetProperties(ctx, nil)
	if err != nil {
		return worm.Object{}, classifyRead(ref, err)
	}
	if err := sameVersion(ref, props.VersionID); err != nil {
		return worm.Object{}, err
	}
	o := worm.Object{
		Ref:    refOf(ref.Key, props.VersionID),
		Lock:   lockOf(props),
		Hidden: ref.Version != "" && (props.IsCurrentVersion == nil || !*props.IsCurrentVersion),
	}
	if props.ContentLength != nil {
		o.Size = *props.ContentLength
	}
	if props.CreationTime != nil {
		o.StoredAt = props.CreationTime.UTC()
	}
	o.SHA256, err = recordedDigest(props)
	return o, err
}

// recordedDigest reads the metadata's digest; header names come back in any case.
func recordedDigest(props blob.GetPropertiesResponse) (worm.Digest, error) {
	for name, value := range props.Metadata {
		if strings.EqualFold(name, metaSHA256) && value != nil {
			digest, err := worm.ParseDigest(*value)
			if err != nil {
				return worm.Digest{}, errors.Join(worm.ErrCorrupt, err)
			}
			return digest, nil
		}
	}
	return worm.Digest{}, nil
}

// classifyRead knows one thing more: a version id that the service could not have
// given, which it answers with 400.
func classifyRead(ref worm.Ref, err error) error {
	if ref.Version != "" && status(err) == http.StatusBadRequest {
		return errors.Join(worm.ErrNotFound, err)
	}
	return classify(err)
}

// List implements [worm.Driver].
func (d *driver) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return d.listing(ctx, prefix, container.ListBlobsInclude{}, func(item *container.BlobItem) (worm.Ref, bool) {
		return worm.Ref{Key: strings.TrimPrefix(*item.Name, d.prefix)}, true
	})
}

// ListHidden implements [worm.Driver].
func (d *driver) ListHidden(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return d.listing(ctx, prefix, container.ListBlobsInclude{Versions: true}, func(item *container.BlobItem) (worm.Ref, bool) {
		ref := refOf(strings.TrimPrefix(*item.Name, d.prefix), item.VersionID)
		return ref, ref.Version != "" && (item.IsCurrentVersion == nil || !*item.IsCurrentVersion)
	})
}

// listing yields what is found and pick picks.
func (d *driver) listing(ctx context.Context, prefix string, include container.ListBlobsInclude, pick func(*container.BlobItem) (worm.Ref, bool)) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		full := d.prefix + prefix
		for pages := d.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &full, Include: include}); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(worm.Entry{}, classify(err))
				return
			}
			for _, item := range page.Segment.BlobItems {
				ref, picked := pick(item)
				if picked && !yield(worm.Entry{Ref: ref, Size: sizeOf(item)}, nil) {
					return
				}
			}
		}
	}
}

func sizeOf(item *container.BlobItem) int64 {
	if item.Properties == nil || item.Properties.ContentLength == nil {
		return 0
	}
	return *item.Properties.ContentLength
}
