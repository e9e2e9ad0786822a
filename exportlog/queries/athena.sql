-- The export log in Amazon Athena, over the bucket's own files: replace BUCKET.
-- Folders below log/commits/ are read with it. Times are ISO 8601 text; compare
-- them with from_iso8601_timestamp.
CREATE EXTERNAL TABLE holdfast_log (
  schema_version int, export_row_id bigint, kind string,
  promotion_packet_id string, promotion_decision string, promotion_decision_at_utc string,
  export_batch_id string, archive_uri string, packet_sha256 string,
  retention_class string, retain_until_utc string, retention_mode string, legal_hold boolean, content_integrity_reference string,
  exported_at_utc string, export_operator_ack string, reconstructed_by string, reconstructed_from string,
  rollback_event_id string, incident_ticket_id string, divergence_summary string, link_owner_ack string,
  matter_id string, reason string,
  subject_export_row_id bigint, correction_of_export_row_id bigint, cleared_fields array<string>,
  reexport_of_export_row_id bigint, recorded_at_utc string,
  idempotency_key string, nonce string, prev_row_sha256 string, prev_root_sha256 string
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://BUCKET/log/commits/';
