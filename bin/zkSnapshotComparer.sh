#!/usr/bin/env bash
# zkSnapshotComparer.sh -l <left> -r <right> -b <bytes> -n <nodes> [-d] [-i]: where two snapshots differ in size.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

exec "$DROVER_BINARY" snapshot comparer "$@"
