#!/usr/bin/env bash
# zkSnapShotToolkit.sh [-d|-json] <snapshot>: every znode and session. `drover snapshot` does more.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

exec "$DROVER_BINARY" snapshot formatter "$@"
