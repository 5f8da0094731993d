#!/usr/bin/env bash
# run.sh --test [file.test.mjs...] | run.sh <program.mjs> [arguments]: runs the console's tests, or another program
# of this folder, with what they need from npm in build/compat/console. What is installed already needs no network.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../build/compat/console
mkdir -p "$work"
work=$(cd "$work" && pwd)
exec 9>"$work/.lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$work/installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$work/"
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline >npm.log 2>&1) || {
    cat "$work/npm.log" >&2
    exit 1
  }
  cp "$here/package-lock.json" "$work/installed"
fi
cp "$here"/*.mjs "$work/"
flock -u 9
[[ -x ${DROVER_CHROMIUM:-/usr/bin/chromium} ]] || {
  echo "console tests: no Chromium: apt-get install chromium" >&2
  exit 1
}
cd "$work"
if [[ $1 == --test && $# == 1 ]]; then
  set -- --test ./*.test.mjs
fi
exec node "$@"
