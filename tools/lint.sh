#!/usr/bin/env bash
# lint.sh BUILD_DIR: clang-format and clang-tidy 19 over what is in git. Exit 1 when anything is to be said.
set -euo pipefail
build=$1
status=0
git ls-files '*.cc' '*.h' | xargs clang-format-19 --dry-run --Werror || status=1
git ls-files 'src/*.cc' | grep -v boost_json.cc |
  xargs -P "$(nproc)" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*' || status=1
exit $status
