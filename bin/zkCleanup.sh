#!/usr/bin/env bash
# zkCleanup.sh -n <count>: removes old snapshots and txn logs from the folders that zoo.cfg names.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

data_log_dir=$(setting dataLogDir)
"$DROVER_BINARY" purge ${data_log_dir:+"$data_log_dir"} "$(setting dataDir)" "$@" || exit 1 # as Apache's, whatever it was
