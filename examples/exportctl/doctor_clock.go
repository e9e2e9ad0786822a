package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// examineClock holds this machine's clock against the store's: against when it says that
// it stored the probe, if that was now; else against the date in an answer of its server.
// Where neither is to be had, the log's last row cannot be of the future.
func (t *tool) examineClock(ctx context.Context, e *examination, last, stored time.Time) {
	const name = "clock"
	todo := "Set this machine's clock (timedatectl set-ntp true): decisions of the future are refused, and locks end too early."
	skew := 2 * time.Minute
	if p, err := t.loadPolicy(); err == nil {
		skew = p.ClockSkew()
	}
	server, source := stored, "the bucket's"
	if server.IsZero() {
		server, source = serverDate(ctx, t.shared.bucket), "its server's"
	}
	now := time.Now()
	switch apart := now.Sub(server).Abs(); {
	case last.After(now.Add(skew)):
		e.say(name, broken, fmt.Sprintf("it is %s here, and the log's last row is of %s", moment(now), moment(last)), todo)
	case server.IsZero():
		e.say(name, well, "not behind the log's last row", "")
	case apart > skew:
		e.say(name, broken, fmt.Sprintf("%v apart from %s; the policy allows %v", apart.Round(time.Second), source, skew), todo)
	default:
		e.say(name, well, fmt.Sprintf("%v apart from %s", apart.Round(time.Second), source), "")
	}
}

// serverDate is the date that a bucket's server answers with, to whomever; zero if it
// cannot be told.
func serverDate(ctx context.Context, bucket string) time.Time {
	address := serverOf(bucket)
	if address == "" {
		return time.Time{}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return time.Time{}
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return time.Time{}
	}
	defer answer.Body.Close()
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return date
}

// serverOf is where the bucket's server answers; empty if the URL does not tell.
func serverOf(bucket string) string {
	u, err := url.Parse(bucket)
	if err != nil {
		return ""
	}
	switch q := u.Query(); {
	case u.Scheme == "s3" && q.Get("endpoint") != "":
		return q.Get("endpoint")
	case u.Scheme == "s3" && q.Get("region") != "":
		return "https://s3." + q.Get("region") + ".amazonaws.com"
	case u.Scheme == "gs" && os.Getenv("STORAGE_EMULATOR_HOST") == "":
		return "https://storage.googleapis.com"
	case u.Scheme == "azblob" && q.Get("domain") == "" && os.Getenv("AZURE_STORAGE_ACCOUNT") != "":
		return "https://" + os.Getenv("AZURE_STORAGE_ACCOUNT") + ".blob.core.windows.net"
	}
	return ""
}
