-- The export log in DuckDB, over the bucket's own files. Replace BUCKET with the
-- directory, or with s3://bucket after `INSTALL httpfs; LOAD httpfs;`.

-- name: log
-- Every row, in the order of the log. Fields of later versions need a line each.
CREATE VIEW log AS
SELECT * FROM read_ndjson('BUCKET/log/commits/*/*/*/*.jsonl', columns = {
  schema_version: 'INTEGER', export_row_id: 'BIGINT', kind: 'VARCHAR',
  promotion_packet_id: 'VARCHAR', promotion_decision: 'VARCHAR', promotion_decision_at_utc: 'TIMESTAMPTZ',
  export_batch_id: 'VARCHAR', archive_uri: 'VARCHAR', packet_sha256: 'VARCHAR',
  retention_class: 'VARCHAR', retain_until_utc: 'TIMESTAMPTZ', retention_mode: 'VARCHAR', legal_hold: 'BOOLEAN', content_integrity_reference: 'VARCHAR',
  exported_at_utc: 'TIMESTAMPTZ', export_operator_ack: 'VARCHAR', reconstructed_by: 'VARCHAR', reconstructed_from: 'VARCHAR',
  rollback_event_id: 'VARCHAR', incident_ticket_id: 'VARCHAR', divergence_summary: 'VARCHAR', link_owner_ack: 'VARCHAR',
  matter_id: 'VARCHAR', reason: 'VARCHAR',
  subject_export_row_id: 'BIGINT', correction_of_export_row_id: 'BIGINT', cleared_fields: 'VARCHAR[]',
  reexport_of_export_row_id: 'BIGINT', recorded_at_utc: 'TIMESTAMPTZ',
  idempotency_key: 'VARCHAR', nonce: 'VARCHAR', prev_row_sha256: 'VARCHAR', prev_root_sha256: 'VARCHAR'
}) ORDER BY export_row_id;

-- name: exports and what was bound to them
SELECT e.export_row_id, e.promotion_packet_id, e.retention_class, e.archive_uri, l.incident_ticket_id, l.rollback_event_id, l.divergence_summary
FROM log e LEFT JOIN log l ON l.kind = 'link' AND l.subject_export_row_id = e.export_row_id
WHERE e.kind = 'export' ORDER BY e.export_row_id, l.export_row_id;

-- name: corrections of an export, and corrections of those
WITH RECURSIVE chain(export_row_id, corrects) AS (
  SELECT export_row_id, correction_of_export_row_id FROM log WHERE kind = 'correction' AND correction_of_export_row_id = 1
  UNION ALL
  SELECT c.export_row_id, c.correction_of_export_row_id FROM log c JOIN chain ON c.correction_of_export_row_id = chain.export_row_id
)
SELECT log.* FROM log JOIN chain USING (export_row_id) ORDER BY export_row_id;

-- name: under legal hold
-- By each matter; a hold that the class of an export brought with it has none.
WITH holds AS (
  SELECT subject_export_row_id AS export_row_id, coalesce(matter_id, '') AS matter, kind, export_row_id AS said FROM log WHERE kind IN ('hold', 'release')
  UNION ALL
  SELECT export_row_id, '', 'hold', export_row_id FROM log WHERE legal_hold
)
SELECT export_row_id, matter, max_by(kind, said) AS last_said FROM holds GROUP BY ALL HAVING last_said = 'hold';

-- name: rows whose predecessor is not what they record
-- Every line is hashed as it lies there. No rows is the good answer.
WITH lines AS (
  SELECT line, (line ->> '$.export_row_id')::BIGINT AS id, line ->> '$.prev_row_sha256' AS prev
  FROM read_csv('BUCKET/log/commits/*/*/*/*.jsonl', columns = {line: 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, max_line_size = 65536)
)
SELECT later.id FROM lines later LEFT JOIN lines earlier ON later.id = earlier.id + 1
WHERE later.id > 1 AND (earlier.line IS NULL OR later.prev <> sha256(earlier.line || chr(10)));

-- name: numbers that are missing
SELECT a.export_row_id + 1 AS missing FROM log a
WHERE NOT EXISTS (FROM log b WHERE b.export_row_id = a.export_row_id + 1) AND a.export_row_id < (SELECT max(export_row_id) FROM log);
