#!/bin/sh
# release.sh PACKET DEPLOY_ID COMMAND...
#
# Runs a deploy COMMAND with evidence around it: what was decided is exported before, and
# when the command fails, which says that it was rolled back, the rollback is linked.
#
# Set HOLDFAST_BUCKET, HOLDFAST_KEY and HOLDFAST_OPERATOR; with HOLDFAST_SPOOL an outage
# holds up no release. SERVICE_OWNER is who answers for a rollback.
set -eu
packet=$1 deploy=$2
shift 2

status=0
receipt=$(exportctl export "$packet" --json) || status=$?
case $status in
0) echo "export row $(printf '%s' "$receipt" | jq -r '.receipts[0].export_row_id')" ;;
5) echo "NOT exported yet: the packet waits in the spool, and the release goes on" >&2 ;;
*) echo "release.sh: no evidence, no release" >&2 && exit "$status" ;;
esac

if "$@"; then
	exit 0
fi
id=$(jq -r .promotion_packet_id "$packet/packet.json")
exportctl link --packet "$id" --rollback "rb-$deploy" --ack "release-ops: $SERVICE_OWNER" \
	--summary "deploy $deploy failed and was rolled back"
exit 1
