#!/usr/bin/env bash
# Fetches and builds everything that `make test-compat` runs beside Debian's packages: Apache's releases,
# and a walk for each client, into build/compat. Uses the ordinary package clients as this machine has
# them set up. The second run finds all in place and needs no network.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()

# at_least <command> <lowest version> <Debian package> <version as the command tells it>
at_least() {
  local command=$1 lowest=$2 package=$3 found=$4
  if [[ -z $found ]]; then
    missing+=("$command is missing: apt-get install $package")
  elif [[ $(printf '%s\n%s\n' "$lowest" "$found" | sort -V | head -n 1) != "$lowest" ]]; then
    missing+=("$command $found is too old, $lowest or newer is needed: apt-get install $package")
  fi
}

# version <command...>: the first thing in its output that looks like a version, or nothing.
version() {
  { command -v "$1" >/dev/null && "$@" 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1; } || true
}

at_least javac 11 default-jdk-headless "$(version javac -version)"
at_least mvn 3.6 maven "$(version mvn -version)"
at_least go 1.19 golang-go "$(version go version)"
at_least node 18 nodejs "$(version node --version)"
at_least npm 7 npm "$(version npm --version)"
at_least cargo 1.76 cargo-web "$(version cargo --version)"
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null \
  || missing+=("python3 cannot make virtual environments: apt-get install python3-venv")

if [[ ${#missing[@]} -gt 0 ]]; then
  printf 'prepare: %s\n' "${missing[@]}" >&2
  exit 1
fi

# Prometheus, unpacked and not installed: Debian's package starts a service.
prometheus=build/compat/prometheus
if ! command -v prometheus >/dev/null && [[ ! -x $prometheus/usr/bin/prometheus ]]; then
  mkdir -p "$prometheus"
  (
    cd "$prometheus"
    apt-get download -qq prometheus
    dpkg-deb -x prometheus_*.deb .
    rm -f prometheus_*.deb
  )
fi

exec /usr/bin/python3 tests/compat/clients/builds.py
