package azureworm

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// classify wraps the error of a request around this repository's own errors. What
// it cannot place is returned as it is.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet, bloberror.TargetConditionNotMet):
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	case bloberror.HasCode(err, bloberror.BlobImmutableDueToPolicy, "BlobImmutableDueToLegalHold"):
		return fmt.Errorf("%w: %w", worm.ErrLocked, err)
	case bloberror.HasCode(err, bloberror.InvalidBlockList, "ConditionalRequestConflict"):
		return fmt.Errorf("%w: %w", worm.ErrConflict, err) // whoever committed first dropped our blocks
	case bloberror.HasCode(err, bloberror.MD5Mismatch, "CrcMismatch"):
		return fmt.Errorf("%w: %w", worm.ErrCorrupt, err)
	}
	switch status(err) {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", worm.ErrNotFound, err)
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	case http.StatusNotImplemented:
		return fmt.Errorf("%w: %w", worm.ErrUnsupported, err)
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fmt.Errorf("%w: %w", worm.ErrUnavailable, err)
	}
	return err
}

// classifyWrite is classify for a write, whose outcome is unknown unless the
// service answered that it refuses.
func classifyWrite(err error) error {
	if err == nil {
		return nil
	}
	code := status(err)
	if code < 400 || code >= 500 && code != http.StatusNotImplemented || code == http.StatusRequestTimeout || code == http.StatusTooManyRequests {
		return fmt.Errorf("%w: %w", worm.ErrOutcomeUnknown, err)
	}
	return classify(err)
}

// classifyCreate knows one thing more: a key that cannot be written because what
// lies there is locked is a taken key.
func classifyCreate(err error) error {
	err = classifyWrite(err)
	if errors.Is(err, worm.ErrLocked) {
		return fmt.Errorf("%w: %w", worm.ErrExists, err)
	}
	return err
}

// status returns the HTTP status of the answer, 0 if there was none.
func status(err error) int {
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}
