package main

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/holdfast-archive/holdfast/linkage"
)

// jira is an admin webhook with a secret, and the REST API that takes comments. Its
// signature is in X-Hub-Signature, as sha256=<hex>. The incident form asks for what
// leads to the evidence, in custom fields; see linkage.CheckTemplate. A ServiceNow
// business rule that posts the same shape works as well.
//
// https://developer.atlassian.com/cloud/jira/platform/webhooks/
type jira struct {
	Secret string
	API    string // https://acme.atlassian.net
	User   string
	Token  string

	DeployField, ArtifactField, PacketField string // such as customfield_10101
}

func (j jira) verify(h http.Header, body []byte) bool {
	return signed(j.Secret, body, h.Get("X-Hub-Signature"), "sha256=")
}

func (j jira) parse(body []byte) (incident, error) {
	var hook struct {
		Event string `json:"webhookEvent"`
		Issue struct {
			Key    string                     `json:"key"`
			Fields map[string]json.RawMessage `json:"fields"`
		} `json:"issue"`
	}
	if err := json.Unmarshal(body, &hook); err != nil {
		return incident{}, err
	}
	if hook.Event != "jira:issue_created" {
		return incident{}, errNotOurs
	}
	field := func(name string) (value string) {
		_ = json.Unmarshal(hook.Issue.Fields[name], &value) // null, absent or of another form: not said
		return value
	}
	return incident{
		ID: hook.Issue.Key, Title: field("summary"), PromotionPacketID: field(j.PacketField),
		Clue: linkage.Clue{DeployID: field(j.DeployField), Artifact: field(j.ArtifactField)},
	}, nil
}

func (j jira) comment(key, text string) (*http.Request, error) {
	req, err := post(j.API+"/rest/api/2/issue/"+url.PathEscape(key)+"/comment", map[string]string{"body": text})
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(j.User, j.Token)
	return req, nil
}
