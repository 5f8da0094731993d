#!/usr/bin/env bash
# Talks to a server: `drover shell` with the -D words of CLIENT_JVMFLAGS and JVMFLAGS, which may stand in
# zookeeper-env.sh or java.env of ZOOCFGDIR.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

set -f # no word of ours is a file pattern
properties=()
while IFS= read -r word; do properties+=("$word"); done < <(java_properties "$CLIENT_JVMFLAGS $JVMFLAGS")
exec "$DROVER_BINARY" shell "${properties[@]}" "$@"
