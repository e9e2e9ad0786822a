package linkage

import (
	"fmt"
	"io"
	"iter"
	"regexp"

	"github.com/go-json-experiment/json"
)

// ReadCDEvents reads CDEvents (https://cdevents.dev, versions 0.3 to 0.5), one to a
// line, as [ReadEvents] reads ours. See [ParseCDEvent] for what becomes of each.
func ReadCDEvents(r io.Reader) iter.Seq2[Event, error] { return readLines(r, parseCDEvent) }

// ParseCDEvent reads one CDEvent, by itself or as the data of a CloudEvent in the
// structured mode, such as the body of a webhook.
//
//	service deployed, upgraded   deploy
//	service rolledback           rollback
//	incident detected, reported  incident
//	incident resolved            incident_resolved
//
// Any other keeps its own type and is not looked at. CDEvents has no promotion and no
// approval, so the pointer to the packet is taken from customData, where a deploy tool
// puts promotion_packet_id or export_row_id. Deploys, incidents and rollbacks of one
// chain have its context.chainId as their deploy_id; without one, what a rollback links
// back to (context.links) is. An incident's ticket is its subject's id, a rollback's
// event its context.id. Any of them stands in customData by our name, if it is there.
// What cannot be read is [ErrBadEvent].
func ParseCDEvent(body []byte) (Event, error) {
	e, err := parseCDEvent(body)
	if err != nil {
		return Event{}, fmt.Errorf("linkage: read CDEvent: %w", err)
	}
	return e, nil
}

// cdEvent is what we read of one.
type cdEvent struct {
	Context struct {
		ID        string `json:"id"`
		Source    string `json:"source"`
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		ChainID   string `json:"chainId"`
		Links     []struct {
			From struct {
				ContextID string `json:"contextId"`
			} `json:"from"`
			Target struct {
				ContextID string `json:"contextId"`
			} `json:"target"`
		} `json:"links"`
	} `json:"context"`
	Subject struct {
		ID      string         `json:"id"`
		Content map[string]any `json:"content"`
	} `json:"subject"`
	CustomData any `json:"customData"`
}

// cdTypes are the CDEvents that become events of ours.
var cdTypes = map[string]string{
	"service.deployed": EventDeploy, "service.upgraded": EventDeploy, "service.rolledback": EventRollback,
	"incident.detected": EventIncident, "incident.reported": EventIncident, "incident.resolved": EventResolved,
}

// cdType takes dev.cdevents.service.deployed.0.2.0 apart.
var cdType = regexp.MustCompile(`^dev\.cdevents\.([a-z]+\.[a-z]+)\.\d+\.\d+\.\d+`)

func parseCDEvent(body []byte) (Event, error) {
	if len(body) > MaxEventBytes {
		return Event{}, fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrBadEvent, len(body), MaxEventBytes)
	}
	var envelope struct {
		Data *cdEvent `json:"data"`
	}
	c := &cdEvent{}
	err := json.Unmarshal(body, &envelope)
	if err == nil && envelope.Data != nil {
		c = envelope.Data
	} else if err == nil {
		err = json.Unmarshal(body, c)
	}
	if err != nil {
		return Event{}, fmt.Errorf("%w: not a CDEvent: %w", ErrBadEvent, err)
	}
	if c.Context.Type == "" {
		return Event{}, fmt.Errorf("%w: context.type is missing: not a CDEvent", ErrBadEvent)
	}
	at, err := eventTime("context.timestamp", c.Context.Timestamp)
	if err != nil {
		return Event{}, err
	}
	e := Event{Type: c.Context.Type, AtUTC: at, DeployID: c.chain(), Fields: map[string]any{"source": c.Context.Source}}
	e.Artifact, _ = c.Subject.Content["artifactId"].(string)
	e.Summary, _ = c.Subject.Content["description"].(string)
	if uri, ok := c.Subject.Content["ticketURI"].(string); ok {
		e.Fields["ticket_uri"] = uri
	}
	if m := cdType.FindStringSubmatch(c.Context.Type); m != nil && cdTypes[m[1]] != "" {
		e.Type = cdTypes[m[1]]
	}
	switch e.Type {
	case EventIncident, EventResolved:
		e.IncidentTicketID = c.Subject.ID
	case EventRollback:
		e.RollbackEventID = c.Context.ID
	}
	return e, e.takeCustom(c.CustomData)
}

// chain is what the events of one deploy have in common.
func (c cdEvent) chain() string {
	if c.Context.ChainID != "" {
		return c.Context.ChainID
	}
	for _, l := range c.Context.Links {
		if id := l.From.ContextID + l.Target.ContextID; id != "" {
			return id
		}
	}
	return c.Context.ID
}

// takeCustom lets customData say what the released types have no field for.
func (e *Event) takeCustom(custom any) error {
	fields, ok := custom.(map[string]any)
	if !ok {
		return nil // text, of which we know nothing
	}
	for name, into := range map[string]*string{
		"promotion_packet_id": &e.PromotionPacketID, "deploy_id": &e.DeployID, "artifact": &e.Artifact,
		"incident_ticket_id": &e.IncidentTicketID, "rollback_event_id": &e.RollbackEventID, "severity": &e.Severity, "summary": &e.Summary,
	} {
		said := *into
		if err := takeTexts(fields, map[string]*string{name: into}); err != nil {
			return err
		}
		if *into == "" {
			*into = said
		}
	}
	for name, value := range fields {
		e.Fields[name] = value
	}
	return nil
}
