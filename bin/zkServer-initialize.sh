#!/usr/bin/env bash
# Makes the empty folders of a new server, its myid, and the file `initialize` that lets it begin with no
# data. Apache's options, lines and exit codes.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

usage() {
  printf 'usage: %s <parameters>\n  Optional parameters:\n' "$0"
  printf '     %-53s %s\n' \
    -h 'Display this message' \
    --help 'Display this message' \
    "$(printf -- '--configfile=%-40s' "$ZOOCFG")" 'ZooKeeper config file' \
    '--myid=#' 'Set the myid to be used, if any (1-255)' \
    --force 'Force creation of the data/txnlog dirs'
  exit 1
}

fail() {
  echo "$1"
  exit 1
}

my_id=
force=
while [ -n "$1" ]; do
  case $1 in
    --configfile) ZOOCFG=$2 && shift 2 || usage ;;
    --configfile=?*) ZOOCFG=${1#*=} && shift ;;
    --myid) my_id=$2 && shift 2 || usage ;;
    --myid=?*) my_id=${1#*=} && shift ;;
    --force) force=yes && shift ;;
    -h | --help) usage ;;
    *) echo "Unknown option: $1" && usage ;;
  esac
done

[ -e "$ZOOCFG" ] || fail "Unable to find config file at $ZOOCFG"
data_dir=$(setting dataDir)
data_log_dir=$(setting dataLogDir)
[ -n "$data_dir" ] || fail "Unable to determine dataDir from $ZOOCFG"
[[ -z $my_id || $my_id =~ ^[0-9]+$ ]] || fail "myid must be a number, not '$my_id'"

if [ -n "$force" ]; then
  pid=$(cat "${ZOOPIDFILE:-$data_dir/zookeeper_server.pid}" 2>/dev/null)
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    fail "A server is running on $data_dir as process $pid: stop it first"
  fi
  echo "Force enabled, data/txnlog directories will be re-initialized"
else
  [ -d "$data_dir/version-2" ] &&
    fail "ZooKeeper data directory already exists at $data_dir (or use --force to force re-initialization)"
  [ -n "$data_log_dir" ] && [ -d "$data_log_dir/version-2" ] &&
    fail "ZooKeeper txnlog directory already exists at $data_log_dir (or use --force to force re-initialization)"
fi

# Only what is inside goes: the folders may be mount points, with owners of their own.
for dir in "$data_dir" ${data_log_dir:+"$data_log_dir"}; do
  rm -rf "$dir/myid" "$dir/version-2"
  mkdir -p "$dir/version-2" || exit 1
done

if [ -n "$my_id" ]; then
  echo "Using myid of $my_id"
  echo "$my_id" >"$data_dir/myid"
else
  echo "No myid provided, be sure to specify it in $data_dir/myid if using non-standalone"
fi
touch "$data_dir/initialize"
