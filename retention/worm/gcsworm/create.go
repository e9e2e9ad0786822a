package gcsworm

import (
	"bytes"
	"context"
	"io"
	"strconv"

	"cloud.google.com/go/storage"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	// metaSHA256 is the metadata in which an object carries its own digest.
	metaSHA256 = "sha256"

	// chunkSize is how much of a large object is held in memory; a smaller one
	// goes in a single request.
	chunkSize = 8 << 20
)

// Create implements [worm.Driver].
func (d *driver) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if err := ctx.Err(); err != nil {
		return worm.Ref{}, err
	}
	if in.Size >= chunkSize {
		return d.upload(ctx, in, in.Body, storage.RetryIdempotent)
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return worm.Ref{}, err
	}
	return d.upload(ctx, in, bytes.NewReader(body), storage.RetryNever)
}

// upload is the one request, or resumable upload, that stores and locks. A small
// object is sent once, for what a second request is told would hide what became of
// the first; of a large one only chunks are sent again, and the last of them may
// find its own object there, which is told by reading back.
func (d *driver) upload(ctx context.Context, in worm.Creation, body io.Reader, retry storage.RetryPolicy) (worm.Ref, error) {
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	object := d.bucket.Object(d.prefix + in.Key).If(storage.Conditions{DoesNotExist: true}).Retryer(storage.WithPolicy(retry))
	w := object.NewWriter(ctx)
	w.ChunkSize = int(min(in.Size+1, chunkSize)) // that much is allocated, however small the object
	w.ContentType = in.ContentType
	w.ForceEmptyContentType = in.ContentType == ""
	w.Metadata = map[string]string{metaSHA256: in.SHA256.String()}
	w.TemporaryHold = in.Lock.LegalHold
	w.Retention = retentionOf(in.Lock)
	from := &remembering{Reader: body}
	if _, err := io.Copy(w, from); err != nil {
		abandon()
		w.Close()
		if from.err != nil {
			return worm.Ref{}, from.err // the body's own error: nothing was completed
		}
		return worm.Ref{}, classifyUpload(err)
	}
	if err := w.Close(); err != nil {
		return worm.Ref{}, classifyUpload(err)
	}
	// The answer is the object as it is now. That it states no lock may be the way of
	// the service, so then it is for the caller to ask.
	if lock := lockOf(w.Attrs()); in.Observed != nil && lock.Covers(in.Lock) {
		in.Observed(lock)
	}
	return worm.Ref{Key: in.Key, Version: strconv.FormatInt(w.Attrs().Generation, 10)}, nil
}

// remembering tells the error of a body from that of the network it is copied to.
type remembering struct {
	io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
