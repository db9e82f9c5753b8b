# Shared by the commands in ops/: where things are, how to speak, how to install what is missing.
# shellcheck shell=bash

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CROSSDOCK_HOME=${CROSSDOCK_HOME:-$ROOT/.crossdock}
case $CROSSDOCK_HOME in /*) ;; *) CROSSDOCK_HOME=$PWD/$CROSSDOCK_HOME ;; esac
BINARY=$ROOT/.build/release/crossdock

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$(basename "$0"): $*"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs to run '$*' as root: run this as root, or install sudo"
  fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The newest Postgres of 15 or later that is installed; its folder of programs.
postgres_programs() {
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5nr); do
    if [ -x "$folder/postgres" ] && [ "$(basename "$(dirname "$folder")")" -ge 15 ] 2>/dev/null; then
      printf '%s\n' "$folder"
      return
    fi
  done
  return 1
}

# Installs the Debian packages that are missing, without starting any server of the system.
install_packages() {
  local package missing=()
  for package in rabbitmq-server librabbitmq-dev libpq-dev pkg-config "$@"; do
    installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && postgres_programs >/dev/null && return
  command -v apt-get >/dev/null || fail "needs ${missing[*]:-postgresql} and finds no apt-get: install them by hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >&2
  if ! postgres_programs >/dev/null; then
    if apt-cache show postgresql-15 >/dev/null 2>&1; then missing+=(postgresql-15); else missing+=(postgresql); fi
  fi
  say "installing ${missing[*]}"
  # A package's first start of its server would take the standard ports: this policy forbids it meanwhile.
  local policy=/usr/sbin/policy-rc.d placed=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
    placed=yes
  fi
  local status=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" \
    </dev/null >&2 || status=$?
  [ -z "$placed" ] || as_root rm -f $policy
  [ $status = 0 ] || fail "could not install ${missing[*]}: see apt-get's words above"
}

# Builds the product (and with "tests" the test bundle), which is quick when nothing has changed.
build() {
  command -v swift >/dev/null || fail "needs Swift 6.2 or later on the PATH: see https://www.swift.org/install"
  if [ "${1:-}" = tests ]; then
    (cd "$ROOT" && swift build -c release --build-tests --disable-xctest </dev/null >&2)
  else
    (cd "$ROOT" && swift build -c release --product crossdock </dev/null >&2)
  fi
}

# Loads AMQP_URL, DATABASE_URL and AMQP_MANAGEMENT_URL of the private servers, which it starts.
use_services() {
  "$ROOT/ops/services" start
  local exports
  exports=$("$ROOT/ops/services" env)
  eval "$exports"
}
