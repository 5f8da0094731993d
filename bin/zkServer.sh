#!/usr/bin/env bash
# Starts, stops and questions a Drover server: the verbs, lines, exit codes, variables and pid file of
# Apache's zkServer.sh. What differs on purpose is listed in docs/scripts.md.

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
if [ -e "$ZOOBINDIR/../libexec/zkEnv.sh" ]; then . "$ZOOBINDIR/../libexec/zkEnv.sh"; else . "$ZOOBINDIR/zkEnv.sh"; fi

set -f # from here on no word is a file pattern
readonly START_SECONDS=1 # a server that lives that long has read its configuration and opened its data
readonly STOP_SECONDS=30 # a clean stop answers what is under way and writes what it has

[ -n "$2" ] && ZOOCFG=$(config_path "$2")
echo "Using config: $ZOOCFG" >&2
data_dir=$(setting dataDir)
data_log_dir=$(setting dataLogDir)
pid_file=${ZOOPIDFILE:-$data_dir/zookeeper_server.pid}
output=$ZOO_LOG_DIR/zookeeper-$USER-server-$HOSTNAME.out

if [ -n "$ZOO_DATADIR_AUTOCREATE_DISABLE" ]; then
  if [ ! -d "$data_dir/version-2" ]; then
    echo "ZooKeeper data directory is missing at $data_dir fix the path or run initialize"
    exit 1
  fi
  if [ -n "$data_log_dir" ] && [ ! -d "$data_log_dir/version-2" ]; then
    echo "ZooKeeper txnlog directory is missing at $data_log_dir fix the path or run initialize"
    exit 1
  fi
fi

# ZOO_LOG_DIR and ZOO_LOG_FILE are not passed on: the server logs to standard error, which is $output.
server=("$DROVER_BINARY" serve)
[ -n "$ZOO_DATADIR_AUTOCREATE_DISABLE" ] && server+=(-Dzookeeper.datadir.autocreate=false)
while IFS= read -r word; do server+=("$word"); done < <(java_properties "$SERVER_JVMFLAGS $JVMFLAGS")
server+=("$ZOOCFG")

# explain <text>: why, for people. Lines of our own, and never on standard output, which scripts read.
explain() { echo "zkServer.sh: $1" >&2; }

# is_server <pid>: it lives and is a server, ours or Apache's. After a reboot the number in a pid file
# may be anybody's.
is_server() {
  [[ $1 =~ ^[0-9]+$ ]] && kill -0 "$1" 2>/dev/null || return 1
  case $(cat "/proc/$1/comm" 2>/dev/null || ps -p "$1" -o comm= 2>/dev/null) in
    drover | java | "$(basename "$DROVER_BINARY")") return 0 ;;
  esac
  return 1
}

# wait_for_end <pid> <seconds>: true as soon as the process is gone.
wait_for_end() {
  local tenths=$(($2 * 10))
  while kill -0 "$1" 2>/dev/null; do
    ((tenths-- > 0)) || return 1
    sleep 0.1
  done
}

start() {
  local pid
  echo -n "Starting zookeeper ... "
  pid=$(cat "$pid_file" 2>/dev/null)
  if is_server "$pid"; then
    echo "already running as process $pid."
    return 1
  fi
  if [ -z "$data_dir" ]; then
    echo "FAILED TO START"
    if [ -e "$ZOOCFG" ]; then explain "$ZOOCFG: dataDir is not set"; else explain "$ZOOCFG file is missing"; fi
    return 1
  fi
  mkdir -p "$(dirname "$pid_file")" "$ZOO_LOG_DIR"
  nohup "${server[@]}" >"$output" 2>&1 </dev/null &
  pid=$!
  if ! echo -n "$pid" >"$pid_file"; then
    kill "$pid" 2>/dev/null
    echo "FAILED TO WRITE PID"
    return 1
  fi
  if wait_for_end "$pid" "$START_SECONDS"; then
    rm -f "$pid_file"
    echo "FAILED TO START"
    explain "$(tail -n 1 "$output" 2>&1)"
    return 1
  fi
  echo STARTED
}

stop() {
  local pid
  echo -n "Stopping zookeeper ... "
  if [ ! -f "$pid_file" ]; then
    echo "no zookeeper to stop (could not find file $pid_file)"
    return 0
  fi
  pid=$(cat "$pid_file")
  if ! is_server "$pid"; then
    explain "$pid_file: process $pid is no server (any more); nothing was stopped"
  elif ! kill "$pid" || ! wait_for_end "$pid" "$STOP_SECONDS"; then
    echo "STILL RUNNING as process $pid"
    return 1
  fi
  rm -f "$pid_file"
  echo STOPPED
}

# Where this server serves clients, into client_port, client_address and is_ssl; false: nowhere.
find_client_port() {
  local member my_id
  is_ssl=false
  client_address=$(setting clientPortAddress)
  client_port=$(setting clientPort)
  if ! [[ $client_port =~ ^[0-9]+$ ]]; then
    my_id=$(head -n 1 "$data_dir/myid" 2>/dev/null)
    if ! [[ $my_id =~ ^[0-9]+$ ]]; then
      echo "myid could not be determined, will not able to locate clientPort in the server configs."
    else
      member=$(setting "server\.$my_id")
      if [[ $member != *\;* ]]; then
        echo "Client port not found in static config file. Looking in dynamic config file."
        member=$(setting "server\.$my_id" "$(setting dynamicConfigFile)")
      fi
      if [[ $member != *\;* ]]; then
        echo "Client port not found in the server configs"
      else
        member=${member##*;}
        client_port=${member##*:}
        [[ $member == *:* ]] && client_address=${member%:*}
        client_address=${client_address#[} client_address=${client_address%]}
      fi
    fi
  fi
  if [ -z "$client_port" ]; then
    echo "Client port not found. Looking for secureClientPort in the static config."
    client_port=$(setting secureClientPort)
    if [ -z "$client_port" ]; then
      echo "Unable to find either secure or unsecure client port in any configs. Terminating."
      return 1
    fi
    is_ssl=true
    client_address=$(setting secureClientPortAddress)
  fi
  client_address=${client_address:-localhost}
}

status() {
  local answer mode host
  find_client_port || return 1
  echo "Client port found: $client_port. Client address: $client_address. Client SSL: $is_ssl."
  host=$client_address
  [[ $host == *:* ]] && host="[$host]"
  answer='TLS is not built yet'
  [ "$is_ssl" = true ] || answer=$("$DROVER_BINARY" ask srvr --server "$host:$client_port" 2>&1)
  if ! mode=$(grep '^Mode: ' <<<"$answer"); then
    echo "Error contacting service. It is probably not running."
    explain "${answer%%$'\n'*}"
    return 1
  fi
  echo "$mode"
}

case $1 in
  start) start ;;
  start-foreground)
    [ -n "$data_dir" ] && mkdir -p "$data_dir"
    if [ -n "$ZOO_NOEXEC" ]; then "${server[@]}"; else exec "${server[@]}"; fi
    ;;
  print-cmd) echo "\"${server[0]}\" ${server[*]:1:${#server[@]}-2} \"$ZOOCFG\" > \"$output\" 2>&1 < /dev/null" ;;
  stop) stop ;;
  version)
    "$DROVER_BINARY" --version | sed -n 's/.*(\(.*\), built on \(.*\)).*/Apache ZooKeeper, version \1 \2/p'
    ;;
  restart) stop && start ;;
  status) status ;;
  *)
    echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}" >&2
    ;;
esac
