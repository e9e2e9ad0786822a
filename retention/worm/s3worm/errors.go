package s3worm

import (
	"errors"
	"fmt"
	"net/http"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// classify wraps the error of a request around this repository's own errors. What
// it cannot place is returned as it is.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case is(err, "PreconditionFailed"):
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	case is(err, "ConditionalRequestConflict", "OperationAborted"):
		return fmt.Errorf("%w: %w", worm.ErrConflict, err)
	case is(err, "NoSuchKey", "NoSuchVersion", "NotFound", "NoSuchUpload"):
		return fmt.Errorf("%w: %w", worm.ErrNotFound, err)
	case is(err, "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"):
		return fmt.Errorf("%w: %w", worm.ErrCorrupt, err)
	case is(err, "NotImplemented", "InvalidBucketState"):
		return fmt.Errorf("%w: %w", worm.ErrUnsupported, err)
	}
	switch status(err) {
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	case http.StatusNotFound, http.StatusMethodNotAllowed: // 405: the version is a delete marker
		return fmt.Errorf("%w: %w", worm.ErrNotFound, err)
	}
	if unanswered(err) {
		return fmt.Errorf("%w: %w", worm.ErrUnavailable, err)
	}
	return err
}

// unanswered reports whether the store did not answer, or not to what was asked.
func unanswered(err error) bool {
	code := status(err)
	if code == 0 {
		return errors.As(err, new(*smithyhttp.RequestSendError))
	}
	return code < 400 || code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooManyRequests
}

// classifyWrite is classify for a write, whose outcome is unknown unless the
// store answered that it refuses.
func classifyWrite(err error) error {
	if err == nil {
		return nil
	}
	if unanswered(err) {
		return fmt.Errorf("%w: %w", worm.ErrOutcomeUnknown, err)
	}
	return classify(err)
}

// status returns the HTTP status of the answer, 0 if there was none.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
