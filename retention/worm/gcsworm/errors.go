package gcsworm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// classify wraps the error of a request around this repository's own errors. What
// it cannot place is returned as it is.
func classify(err error) error {
	var api *googleapi.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrObjectNotExist), errors.Is(err, storage.ErrBucketNotExist):
		return fmt.Errorf("%w: %w", worm.ErrNotFound, err)
	case !errors.As(err, &api):
		return err
	case api.Code == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	case api.Code == http.StatusConflict:
		return fmt.Errorf("%w: %w", worm.ErrConflict, err)
	case api.Code == http.StatusNotFound:
		return fmt.Errorf("%w: %w", worm.ErrNotFound, err)
	case api.Code == http.StatusForbidden && locked(api):
		return fmt.Errorf("%w: %w", worm.ErrLocked, err)
	case api.Code >= 500, api.Code == http.StatusRequestTimeout, api.Code == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %w", worm.ErrUnavailable, err)
	}
	return err
}

// classifyUpload is classifyWrite for an upload: that its session is gone may mean
// that it was completed.
func classifyUpload(err error) error {
	var api *googleapi.Error
	if errors.As(err, &api) && (api.Code == http.StatusNotFound || api.Code == http.StatusGone) {
		return fmt.Errorf("%w: %w", worm.ErrOutcomeUnknown, err)
	}
	return classifyWrite(err)
}

// locked reports whether a 403 is for the sake of a lock, rather than for want of
// a permission.
func locked(api *googleapi.Error) bool {
	for _, cause := range api.Errors {
		if cause.Reason == "retentionPolicyNotMet" || cause.Reason == "objectUnderActiveHold" {
			return true
		}
	}
	return strings.Contains(api.Body, "retentionPolicyNotMet") || strings.Contains(api.Body, "under active")
}

// classifyWrite is classify for a write, whose outcome is unknown unless the
// service answered that it refuses.
func classifyWrite(err error) error {
	if err == nil {
		return nil
	}
	var api *googleapi.Error
	known := errors.As(err, &api) && api.Code >= 400 && api.Code < 500 && api.Code != http.StatusRequestTimeout && api.Code != http.StatusTooManyRequests
	if !known && !errors.Is(err, storage.ErrObjectNotExist) {
		return fmt.Errorf("%w: %w", worm.ErrOutcomeUnknown, err)
	}
	return classify(err)
}
