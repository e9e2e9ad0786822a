package linkage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// HTTPSink posts events to a URL, by the CloudEvents HTTP binding in its structured
// mode. Any answer of the 2xx is an acknowledgement. What may pass (no answer, 408, 425,
// 429, or 5xx) is tried again at growing intervals, or when the receiver's Retry-After
// says; any other answer is an error at once.
type HTTPSink struct {
	URL    string
	Header http.Header   // sent with each event, such as Authorization
	Client *http.Client  // nil is one that waits ten seconds for an answer
	Budget time.Duration // for all tries of one event; 0 is a minute
}

var sinkClient = &http.Client{Timeout: 10 * time.Second}

// Send implements [Sink].
func (s HTTPSink) Send(ctx context.Context, e CloudEvent) error {
	body, err := e.Encode()
	if err != nil {
		return err
	}
	budget := s.Budget
	if budget == 0 {
		budget = time.Minute
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, s.post(ctx, body) }, backoff.WithMaxElapsedTime(budget))
	if err != nil {
		return fmt.Errorf("post event %s: %w", e.ID, err)
	}
	return nil
}

func (s HTTPSink) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	if s.Header != nil {
		req.Header = s.Header.Clone()
	}
	req.Header.Set("Content-Type", CloudEventMediaType)
	client := s.Client
	if client == nil {
		client = sinkClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 512)) // read, so that the connection is used again
	if resp.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("the sink answered %s: %.200q", resp.Status, said)
	if !mayPass(resp.StatusCode) {
		return backoff.Permanent(err)
	}
	if seconds, bad := strconv.Atoi(resp.Header.Get("Retry-After")); bad == nil && seconds > 0 {
		return errors.Join(err, backoff.RetryAfter(seconds))
	}
	return err
}

func mayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}
