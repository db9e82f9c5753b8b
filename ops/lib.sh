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

# Packages that only some tests need: without them these tests are skipped and say so.
try_packages() { (install_packages "$@") || say "goes on without $*"; }

# Builds the product, which is quick when nothing has changed.
build() {
  command -v swift >/dev/null || fail "needs Swift 6.2 or later on the PATH: see https://www.swift.org/install"
  (cd "$ROOT" && swift build -c release --product crossdock </dev/null >&2)
}

# Loads AMQP_URL, DATABASE_URL and AMQP_MANAGEMENT_URL of the private servers, which it starts.
use_services() {
  "$ROOT/ops/services" start
  local exports
  exports=$("$ROOT/ops/services" env)
  eval "$exports"
}

port_in_use() {
  local hex
  printf -v hex ':%04X$' "$1"
  awk -v hex="$hex" '$4 == "0A" && $2 ~ hex { found = 1 } END { exit !found }' \
    /proc/net/tcp $(ls /proc/net/tcp6 2>/dev/null)
}

# Sets REPLY to a free loopback port that is not among `taken`, below the range that the kernel hands out to clients.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    case " ${taken:-} " in *" $port "*) continue ;; esac
    port_in_use $port || break
  done
  taken="${taken:-} $port"
  REPLY=$port
}

# Takes the password out of DATABASE_URL into PGPASSWORD: programs' arguments can be read by every user of a machine.
hide_password() {
  [ -n "${DATABASE_URL:-}" ] || fail "DATABASE_URL is not set: give a Postgres connection string"
  local word
  if [[ $DATABASE_URL =~ ^(postgres(ql)?://[^:/@?]*):([^@/?]*)@(.*)$ ]]; then
    word=${BASH_REMATCH[3]//\\/\\\\}
    DATABASE_URL=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
    printf -v PGPASSWORD %b "${word//%/\\x}"
    export PGPASSWORD
  elif [[ $DATABASE_URL =~ (.*)password[[:space:]]*=[[:space:]]*(\'[^\']*\'|[^[:space:]\'&]+)(.*) ]]; then
    word=${BASH_REMATCH[2]}
    DATABASE_URL=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
    word=${word#\'}
    export PGPASSWORD=${word%\'}
  fi
}

# ---------------------------------------------------------------- a database and a virtual host for one run

# METHOD PATH [BODY]: one request to the broker's management, without curl.
management() {
  local body=${3:-} address=${AMQP_MANAGEMENT_URL#http://} line
  local host=${address#*@} credentials=${address%@*}
  exec 6<>"/dev/tcp/${host%:*}/${host#*:}"
  printf '%s %s HTTP/1.0\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "$host" "$(printf %s "$credentials" | base64 -w 0)" "${#body}" "$body" >&6
  read -r line <&6
  exec 6<&-
  case $line in *" 20"[0-9]*) ;; *) fail "the broker's management answered '$line' to $1 $2" ;; esac
}

sql() { "$(postgres_programs)/psql" "$SERVICES_DATABASE_URL" -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }

# Makes them, and turns AMQP_URL and DATABASE_URL to them.
make_place() {
  local credentials=${AMQP_MANAGEMENT_URL#http://}
  SERVICES_DATABASE_URL=$DATABASE_URL
  sql "CREATE DATABASE $1"
  management PUT "/api/vhosts/$1"
  management PUT "/api/permissions/$1/${credentials%%:*}" '{"configure":".*","write":".*","read":".*"}'
  export DATABASE_URL=${DATABASE_URL%/*}/$1 AMQP_URL=${AMQP_URL%/*}/$1
}

drop_place() {
  management DELETE "/api/vhosts/$1"
  sql "DROP DATABASE IF EXISTS $1 WITH (FORCE)"
}

# What runs left behind that were killed: a name ends with the process id of its run.
drop_old_places() {
  SERVICES_DATABASE_URL=$DATABASE_URL
  local name
  for name in $(sql "SELECT datname FROM pg_database WHERE datname ~ '^run_[0-9]+_[0-9]+\$'"); do
    kill -0 "${name##*_}" 2>/dev/null || (drop_place "$name") || sql "DROP DATABASE IF EXISTS $name WITH (FORCE)"
  done
}
