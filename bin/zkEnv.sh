# Sourced by the other scripts: where the configuration, the logs and the binary are.
#
# The caller sets ZOOBINDIR, the folder of the scripts. Of its words `--config <dir>` is taken when it
# comes first. Then read: ZOOCFGDIR, ZOOCFG, ZOO_LOG_DIR, DROVER_BINARY, and zookeeper-env.sh and
# java.env in ZOOCFGDIR. Left behind: all of these, ZOOCFG as a path.
# What Apache's sets for a JVM (JAVA_HOME, CLASSPATH, ZK_SERVER_HEAP) means nothing here.
# shellcheck shell=bash

if [ $# -gt 1 ] && [ "$1" = --config ]; then
  ZOOCFGDIR=$2
  shift 2
fi

# An unpacked tree or a checkout has conf beside bin; an installed one has etc/zookeeper.
if [ -z "$ZOOCFGDIR" ]; then
  ZOOCFGDIR=/etc/zookeeper
  for dir in "$ZOOBINDIR/../conf" "$ZOOBINDIR/../etc/zookeeper"; do
    [ -d "$dir" ] && ZOOCFGDIR=$dir && break
  done
fi

for file in zookeeper-env.sh java.env; do
  # shellcheck source=/dev/null
  [ -f "$ZOOCFGDIR/$file" ] && . "$ZOOCFGDIR/$file"
done

# config_path <name>: a bare name is looked for in ZOOCFGDIR, a path is taken as it is.
config_path() {
  case $1 in
    */*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$ZOOCFGDIR/$1" ;;
  esac
}
ZOOCFG=$(config_path "${ZOOCFG:-zoo.cfg}")

if [ -z "$ZOO_LOG_DIR" ]; then
  ZOO_LOG_DIR=/var/log/zookeeper
  [ -d "$ZOOBINDIR/../conf" ] && ZOO_LOG_DIR=$ZOOBINDIR/../logs
fi

if [ -z "$DROVER_BINARY" ]; then
  for file in "$ZOOBINDIR/drover" "$ZOOBINDIR/../build/release/bin/drover" "$(command -v drover)"; do
    [ -x "$file" ] && DROVER_BINARY=$file && break
  done
fi
if [ ! -x "$DROVER_BINARY" ]; then
  echo "drover is not found: make build, or say where it is in DROVER_BINARY" >&2
  exit 1
fi

# setting <key> [<file>]: its value in zoo.cfg, nothing when it is not there; of two the last counts.
setting() {
  [ -r "${2:-$ZOOCFG}" ] || return 0
  sed -n "s/^[[:space:]]*$1[[:space:]]*[=:][[:space:]]*\(.*[^[:space:]]\)[[:space:]]*\$/\1/p" "${2:-$ZOOCFG}" | tail -n 1
}

# java_properties <flags>: the -Dname=value words of a variable that was made for a JVM, one a line.
java_properties() {
  local word
  for word in $1; do
    case $word in
      -D?*) printf '%s\n' "$word" ;;
    esac
  done
}
