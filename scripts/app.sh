#!/usr/bin/env bash
# app.sh build|lint|test|generate: makes and checks the web app.
#
# Packages and builds are kept below AEGLE_CACHE by the hash of what they are made of, so that nothing is
# done twice and a fresh clone on the same machine starts warm, without the network.
set -euo pipefail
cd "$(dirname "$0")/../app"
cache=${AEGLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aegle}/app

# hash_of PREDICATE…: of the files of this folder that `find` takes by these
hash_of() {
  find . \( -name node_modules -o -path './dist*' -o -path ./test-results -o -path ./playwright-report \) -prune \
    -o -type f "$@" -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32
}

# keep_newest COUNT FOLDER: of what is kept in it
keep_newest() { find "$2" -mindepth 1 -maxdepth 1 -printf '%T@\t%p\0' | sort -zrn | tail -zn "+$(($1 + 1))" | cut -zf2- | xargs -0r rm -rf; }

need_node() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    2>/dev/null && command -v npm >/dev/null && return
  echo "The web app is made with Node 20.19 or later and its npm (https://nodejs.org/en/download);" \
    "here is $(node --version 2>/dev/null || echo none)." >&2
  exit 1
}

packages() {
  need_node
  local hash kept
  hash=$({ cat package-lock.json; node -p '[process.platform, process.arch, process.versions.modules]'; } |
    sha256sum | cut -c1-32)
  [ "$(cat node_modules/.kept 2>/dev/null)" = "$hash" ] && return
  kept=$cache/packages/$hash
  if [ ! -d "$kept" ]; then
    echo "fetching the packages of the web app"
    npm ci --no-audit --no-fund --loglevel=error >/dev/null
    echo "$hash" >node_modules/.kept
    copy node_modules "$kept"
  else
    copy "$kept" node_modules
  fi
  touch "$kept"
  keep_newest 3 "$cache/packages"
}

# copy FROM TO: the whole folder, by links where both are on one disk; it is there whole or not at all
copy() {
  local part=$2.part$$
  mkdir -p "$(dirname "$2")"
  cp -al "$1" "$part" 2>/dev/null || { rm -rf "$part" && cp -a "$1" "$part"; }
  rm -rf "$2"
  mv "$part" "$2"
}

prepare() {
  packages
  ../scripts/wasm/build.sh
}

# build_once FOLDER SCRIPT INPUTS
build_once() {
  local kept=$cache/$1/$3
  [ "$(cat "$1/.inputs" 2>/dev/null)" = "$3" ] && return
  if [ ! -d "$kept" ]; then
    npm run --silent "$2"
    echo "$3" >"$1/.inputs"
    mkdir -p "$cache/$1"
    cp -r "$1" "$kept.part$$"
    mv -T "$kept.part$$" "$kept"
    keep_newest 6 "$cache/$1"
  else
    # Not with the times of then: who embeds these files looks whether they are newer than before.
    rm -rf "$1"
    cp -r "$kept" "$1"
  fi
}

case ${1:-} in
build)
  prepare
  # Tests are not in a build; `lint` reads them.
  inputs=$(hash_of ! -path './tests/*' ! -name '*.test.*' ! -name README.md)
  build_once dist build "$inputs"
  build_once dist-demo build:demo "$inputs"
  ;;
lint)
  prepare
  linted=$cache/linted/$({ hash_of && sha256sum ../indexer/openapi.json ../idl/aegle.json; } | sha256sum | cut -c1-32)
  [ -f "$linted" ] && exit
  npm run --silent lint
  npm run --silent generate -- --check
  mkdir -p "$cache/linted"
  touch "$linted"
  keep_newest 20 "$cache/linted"
  ;;
test)
  prepare
  npm run --silent test
  ;;
generate)
  packages
  npm run --silent generate
  ;;
*)
  echo "usage: app.sh build|lint|test|generate" >&2
  exit 2
  ;;
esac
