#!/usr/bin/env bash
# setup.sh [packages-file]: installs the Debian packages that are listed and not yet there. A second
# word on a line is a command: where that is found already, the package is not wanted.
# Quiet and quick when nothing is missing; needs root (or sudo) only when something is.
set -euo pipefail
list=${1:-$(dirname "$0")/debian-packages.txt}

missing=()
while read -r package command; do
  [[ -z $package || $package == \#* ]] && continue
  [[ -n $command ]] && command -v "$command" >/dev/null && continue
  dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done <"$list"
[[ ${#missing[@]} -eq 0 ]] && exit 0

sudo=
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "setup: these packages are missing and there is no sudo; as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  sudo=sudo
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# The zookeeper package must not start a server of its own: zookeeperd does that, and is not asked for.
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
