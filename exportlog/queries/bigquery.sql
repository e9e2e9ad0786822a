-- The export log in BigQuery, over the bucket's own files: replace BUCKET and
-- the dataset.
CREATE EXTERNAL TABLE evidence.holdfast_log (
  schema_version INT64, export_row_id INT64, kind STRING,
  promotion_packet_id STRING, promotion_decision STRING, promotion_decision_at_utc TIMESTAMP,
  export_batch_id STRING, archive_uri STRING, packet_sha256 STRING,
  retention_class STRING, retain_until_utc TIMESTAMP, retention_mode STRING, legal_hold BOOL, content_integrity_reference STRING,
  exported_at_utc TIMESTAMP, export_operator_ack STRING, reconstructed_by STRING, reconstructed_from STRING,
  rollback_event_id STRING, incident_ticket_id STRING, divergence_summary STRING, link_owner_ack STRING,
  matter_id STRING, reason STRING,
  subject_export_row_id INT64, correction_of_export_row_id INT64, cleared_fields ARRAY<STRING>,
  reexport_of_export_row_id INT64, recorded_at_utc TIMESTAMP,
  idempotency_key STRING, nonce STRING, prev_row_sha256 STRING, prev_root_sha256 STRING
)
OPTIONS (format = 'NEWLINE_DELIMITED_JSON', ignore_unknown_values = TRUE, uris = ['gs://BUCKET/log/commits/*']);
