#!/usr/bin/env bash
# zkSnapshotRecursiveSummaryToolkit.sh <snapshot> <znode> <depth>: znodes and bytes below each znode.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

exec "$DROVER_BINARY" snapshot recursive-summary "$@"
