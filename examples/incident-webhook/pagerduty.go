package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/holdfast-archive/holdfast/linkage"
)

// pagerDuty is a V3 webhook subscription, and the REST API that takes notes. Its
// signature is in X-PagerDuty-Signature, as v1=<hex>.
//
// https://developer.pagerduty.com/docs/webhooks-overview
// https://developer.pagerduty.com/docs/verifying-webhook-signatures
type pagerDuty struct {
	Secret string // of the subscription
	API    string // https://api.pagerduty.com
	Token  string // of the REST API
	From   string // the e-mail address of the user who comments
}

func (p pagerDuty) verify(h http.Header, body []byte) bool {
	return signed(p.Secret, body, h.Get("X-PagerDuty-Signature"), "v1=")
}

// parse reads an incident. Its incident_key is the dedup_key of the alert behind it, and
// our alerts begin theirs with the deploy they watch: dep-7501-27/purchase_success.
func (p pagerDuty) parse(body []byte) (incident, error) {
	var hook struct {
		Event struct {
			Type string `json:"event_type"`
			Data struct {
				ID    string `json:"id"`
				Key   string `json:"incident_key"`
				Title string `json:"title"`
			} `json:"data"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &hook); err != nil {
		return incident{}, err
	}
	if hook.Event.Type != "incident.triggered" {
		return incident{}, errNotOurs
	}
	deploy, _, _ := strings.Cut(hook.Event.Data.Key, "/")
	return incident{ID: hook.Event.Data.ID, Title: hook.Event.Data.Title, Clue: linkage.Clue{DeployID: deploy}}, nil
}

func (p pagerDuty) comment(id, text string) (*http.Request, error) {
	note := map[string]any{"note": map[string]string{"content": text}}
	req, err := post(p.API+"/incidents/"+url.PathEscape(id)+"/notes", note)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", fmt.Sprintf("Token token=%s", p.Token))
	req.Header.Set("From", p.From)
	return req, nil
}
