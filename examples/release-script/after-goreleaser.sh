#!/bin/sh
# after-goreleaser.sh [DIST]
#
# The CI step after GoReleaser: one export for the whole release, of what GoReleaser says
# it made. The artifacts are held to checksums.txt first; they are not archived, only
# named by digest. A release is no promotion, so whoever promotes it says so:
#
#	PROMOTED_BY   the role or board that decided
#	PROMOTED_AT   when, RFC 3339, as the approval has it and not as this job does
set -eu
dist=${1:-dist}
: "${PROMOTED_BY:?who decided?}" "${PROMOTED_AT:?when was it decided?}"

(cd "$dist" && sha256sum --check --strict --quiet checksums.txt)

packet=$(mktemp -d)
trap 'rm -rf "$packet"' EXIT
mkdir "$packet/exhibits"
cp "$dist/metadata.json" "$dist/artifacts.json" "$dist/checksums.txt" "$packet/exhibits"

# The same release makes the same bytes, so a job that is run again gets the same row.
jq -n --slurpfile meta "$dist/metadata.json" --slurpfile made "$dist/artifacts.json" --rawfile sums "$dist/checksums.txt" '
  $meta[0] as $m
  | ($sums | split("\n") | map(select(. != "") | split("  ") | {(.[1]): .[0]}) | add) as $sha256
  | {
      promotion_packet_id: "\($m.project_name)-\($m.tag)",
      promotion_type: "production_deploy",
      promotion_decision: "promote",
      promotion_decision_at_utc: env.PROMOTED_AT,
      decision_owner: env.PROMOTED_BY,
      service: $m.project_name,
      commit: $m.commit,
      previous_tag: $m.previous_tag,
      artifacts: [$made[0][] | select($sha256[.name]) | {name, type, goos, goarch, sha256: $sha256[.name]}]
    }' > "$packet/packet.json"

exportctl export "$packet" --json
