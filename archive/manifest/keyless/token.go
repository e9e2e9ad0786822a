package keyless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
)

const maxToken = 64 << 10 // bytes

// ErrNoToken: what was named to have a token has none here.
var ErrNoToken = errors.New("no identity token here")

// Token returns an OIDC identity token for Fulcio. It is asked before each
// signature, for tokens live for minutes.
type Token func(ctx context.Context) (string, error)

// TokenFromEnv reads the token from an environment variable, such as
// SIGSTORE_ID_TOKEN.
func TokenFromEnv(name string) Token {
	return func(context.Context) (string, error) {
		if token := os.Getenv(name); token != "" {
			return token, nil
		}
		return "", fmt.Errorf("%w: the environment variable %s is not set", ErrNoToken, name)
	}
}

// TokenFromFile reads the token from a file that something else keeps fresh, such
// as a projected volume of Kubernetes.
func TokenFromFile(path string) Token {
	return func(context.Context) (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoToken, err)
		}
		defer f.Close()
		token, err := io.ReadAll(io.LimitReader(f, maxToken))
		if err == nil && len(strings.TrimSpace(string(token))) == 0 {
			err = fmt.Errorf("%w: %s is empty", ErrNoToken, path)
		}
		return strings.TrimSpace(string(token)), err
	}
}

// GitHubToken asks GitHub Actions for a token of the workflow that runs. The
// audience is that of the Fulcio instance, sigstore for the public one. The job
// needs the permission id-token: write.
func GitHubToken(audience string) Token {
	return func(ctx context.Context) (string, error) {
		address, secret := os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
		if address == "" || secret == "" {
			return "", fmt.Errorf("%w: GitHub Actions offers none: give the job the permission id-token: write", ErrNoToken)
		}
		u, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		query := u.Query()
		query.Set("audience", audience)
		u.RawQuery = query.Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		var answer struct {
			Value string `json:"value"`
		}
		if resp.StatusCode != http.StatusOK {
			return "", fmt.Errorf("GitHub Actions answers %s", resp.Status)
		}
		if err := json.UnmarshalRead(io.LimitReader(resp.Body, maxToken), &answer); err != nil {
			return "", fmt.Errorf("GitHub Actions answers: %w", err)
		}
		if answer.Value == "" {
			return "", errors.New("GitHub Actions answers without a token")
		}
		return answer.Value, nil
	}
}
