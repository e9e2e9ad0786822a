package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
)

// cause is why a service did not do what was asked, in a few words. What its client says
// of it is long, and has the reason at its end.
type cause struct {
	words  string
	todo   string
	status int
	denied bool // the error before it names the permission that is missing
}

// causeOf finds out why a service did not do what was asked; nil if it cannot tell.
func causeOf(err error) *cause {
	for _, look := range []func(error) *cause{noCredentials, noRegion, answered, unconnected, tooLate} {
		if c := look(err); c != nil {
			return c
		}
	}
	return nil
}

// unconnected is a server that could not be spoken to.
func unconnected(err error) *cause {
	var dns *net.DNSError
	var op *net.OpError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return cannotReach(fmt.Sprintf("there is no host called %s", dns.Name), "Check the endpoint and the region in the URL, and that this machine resolves names.")
	case errors.As(err, &dns):
		return cannotReach(fmt.Sprintf("the name %s was not resolved", dns.Name), "Check that this machine has a network, and a name server that answers.")
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &certificate):
		return cannotReach("the server's certificate is not trusted", "Check the endpoint, and set SSL_CERT_FILE if the server has an authority of its own. The certificate: --verbose.")
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return cannotReach("the server does not speak TLS", "Check whether the endpoint is http:// rather than https://.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return cannotReach(where(errors.As(err, &op), op, "nothing listens at")+" (connection refused)", "Check the endpoint in the URL, and that the store runs and lets this machine in.")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return cannotReach(where(errors.As(err, &op), op, "there is no way to"), "Check this machine's network.")
	}
	return nil
}

func where(known bool, op *net.OpError, words string) string {
	if !known || op.Addr == nil {
		return words + " the endpoint"
	}
	return words + " " + op.Addr.String()
}

func cannotReach(words, todo string) *cause {
	return &cause{words: words, todo: todo, status: exitUnreachable}
}

// tooLate is a server that did not answer in time.
func tooLate(err error) *cause {
	var late overdueError
	if !errors.As(err, &late) {
		return nil
	}
	return cannotReach(late.words, late.todo)
}

// withoutCredentials are what clients say that found nothing to sign requests with. They
// have no error of a type for it that all of them share.
var withoutCredentials = []string{
	"get credentials: ", "failed to refresh cached credentials", // Amazon
	"could not find default credentials", "private key should be a PEM", // Google
	"AccountName is required", "DefaultAzureCredential", "authorized requests are not permitted for non-TLS", // Azure
}

// noCredentials are requests that nobody signs.
func noCredentials(err error) *cause {
	for _, text := range withoutCredentials {
		if strings.Contains(err.Error(), text) {
			return &cause{words: "no credentials were found here", todo: howToSignIn(err), status: exitWrongUse}
		}
	}
	return nil
}

// noRegion is Amazon's client without one: it cannot make the endpoint's name.
func noRegion(err error) *cause {
	if !strings.Contains(err.Error(), "Invalid region: ") {
		return nil
	}
	return &cause{words: "which region does the bucket lie in?", todo: "Give it in the URL, as ?region=eu-west-1, or set AWS_REGION.", status: exitWrongUse}
}

// howToSignIn says where the clients of a cloud look for credentials.
func howToSignIn(err error) string {
	switch schemeOf(err) {
	case "s3", "awskms":
		return "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role gives them. `aws sts get-caller-identity` shows what there is."
	case "gs", "gcpkms":
		return "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a service account's file."
	case "azblob":
		return "Set AZURE_STORAGE_ACCOUNT, and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or run `az login`."
	case "azurekms":
		return "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
	case "hashivault":
		return "Set VAULT_ADDR and VAULT_TOKEN, and check that this machine may reach it."
	}
	return "Sign in to the cloud that holds it, as its own command line wants it."
}

// schemeOf is the scheme of the URL of what did not do what was asked.
func schemeOf(err error) string {
	var bucket bucketError
	var key keyServiceError
	switch {
	case errors.As(err, &bucket):
		key.uri = bucket.url
	case !errors.As(err, &key):
		return ""
	}
	scheme, _, _ := strings.Cut(key.uri, "://")
	return scheme
}

// answered is a store's own refusal.
func answered(err error) *cause {
	code, message := codeOf(err)
	words := strings.TrimSuffix(message, ".")
	if words == "" {
		words = code
	} else if !strings.Contains(words, code) {
		words += " (" + code + ")"
	}
	switch code {
	case "":
		return nil
	case "NotFound", "404":
		if !errors.As(err, new(bucketError)) {
			return nil // an object, rather than the bucket
		}
		fallthrough
	case "NoSuchBucket", "ContainerNotFound":
		return &cause{words: "there is no such bucket, or none that these credentials may know of (" + code + ")", status: exitWrongUse,
			todo: "Check the bucket's name, and the account. `exportctl policy render` writes the set-up for a new one."}
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
		"InvalidClientTokenId", "UnrecognizedClientException", "AuthenticationFailed", "InvalidAuthenticationInfo", "XAdminUserNotFound", "401":
		return &cause{words: "these credentials are not accepted: " + words, status: exitWrongUse, todo: "Sign in anew. " + howToSignIn(err)}
	case "AccessDenied", "AccessDeniedException", "Forbidden", "AllAccessDisabled", "AuthorizationFailure", "AuthorizationPermissionMismatch", "403":
		return &cause{words: "denied: " + words, denied: true, status: exitWrongUse,
			todo: "Give whoever this runs as the role that it needs: `exportctl policy render` writes them for each cloud."}
	case "RequestTimeTooSkewed":
		return &cause{words: words, status: exitWrongUse, todo: "Set this machine's clock: the store's is another."}
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301":
		return &cause{words: "the bucket lies in another region: " + words, status: exitWrongUse, todo: "Give the bucket's region: ?region=… in the URL."}
	}
	return nil
}

var (
	googleAnswer = regexp.MustCompile(`googleapi: (?:got HTTP response code|Error) (\d{3})(?:: ([^\n]*))?`)
	azureAnswer  = regexp.MustCompile(`ERROR CODE: (\w+)`)
)

// codeOf returns the code and the words of a store's refusal.
func codeOf(err error) (code, message string) {
	var api interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	if errors.As(err, &api) {
		return api.ErrorCode(), api.ErrorMessage()
	}
	if m := googleAnswer.FindStringSubmatch(err.Error()); m != nil {
		return m[1], m[2]
	}
	if m := azureAnswer.FindStringSubmatch(err.Error()); m != nil {
		return m[1], ""
	}
	return "", ""
}

// clientNoise is where what a cloud's client says begins.
var clientNoise = regexp.MustCompile(`(?s)(unavailable: |no such object: |unsupported by this bucket: )?(operation error |(Get|Put|Post|Head|GET|PUT|HEAD|POST) "?https?://|googleapi: |retry failed with |DefaultAzureCredential).*`)

// briefly says an error without what a cloud's client adds to it, where its cause is
// known. With --verbose all of it is shown.
func (t *tool) briefly(err error) string {
	why := causeOf(err)
	if why == nil || strings.Contains(err.Error(), why.words) {
		return err.Error()
	}
	if t.shared.verbose {
		return why.words + ": " + err.Error()
	}
	var of bucketError
	if errors.As(err, &of) && !why.denied {
		return of.name() + ": " + why.words
	}
	if at := clientNoise.FindStringIndex(err.Error()); at != nil {
		return err.Error()[:at[0]] + why.words
	}
	return why.words + ": " + err.Error()
}

// bucketError is a bucket that could not be opened.
type bucketError struct {
	url string
	err error
}

// Error says whose it is once.
func (e bucketError) Error() string {
	said := e.err.Error()
	if _, why, found := strings.Cut(said, e.url+": "); found {
		said = why
	}
	return e.name() + ": " + said
}
func (e bucketError) Unwrap() error { return e.err }

// name is the bucket's URL without its parameters.
func (e bucketError) name() string {
	u, err := url.Parse(e.url)
	if err != nil {
		return e.url
	}
	u.RawQuery, u.User = "", nil
	return u.String()
}
