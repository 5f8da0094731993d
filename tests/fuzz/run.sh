#!/usr/bin/env bash
# run.sh SECONDS [TARGET...]: every fuzz target (or those named) for so long, one after another. Corpora grow in
# build/fuzz/corpus. Exit 1 with the path of the input when one fails. FUZZ_SEED: chance of the run, 0 (the default)
# for another each time; a change is judged by the same one every time.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
corpus=build/fuzz/corpus
/usr/bin/python3 tests/fuzz/make_seeds.py "$corpus"
mkdir -p build/fuzz/found
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  targets=(connect_request_fuzz client_request_fuzz txn_record_fuzz log_reader_fuzz snapshot_reader_fuzz
    snapshot_stream_fuzz lane_fuzz notification_fuzz quorum_packet_fuzz leader_fuzz)
fi
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
status=0
for target in "${targets[@]}"; do
  log=build/fuzz/$target.log
  if "build/fuzz/bin/$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=10 -rss_limit_mb=2048 -max_len=20000 \
      -artifact_prefix="build/fuzz/found/$target-" "$corpus/$target" >"$log" 2>&1; then
    echo "$target: $(grep -c . <(ls "$corpus/$target")) inputs, $(grep -E '^Done' "$log" || tail -1 "$log")"
  else
    echo "$target: FAILED"
    tail -40 "$log"
    status=1
  fi
done
exit $status
