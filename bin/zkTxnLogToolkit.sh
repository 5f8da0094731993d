#!/usr/bin/env bash
# zkTxnLogToolkit.sh [-dhrvyc] <log> [-z <zxid>]: dumps a txn log, mends checksums, chops. `drover log` does more.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

exec "$DROVER_BINARY" log toolkit "$@"
