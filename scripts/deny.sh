#!/usr/bin/env bash
# deny.sh CARGO-DENY: checks licences, sources, banned crates and advisories of both workspaces. Where
# the advisory database cannot be fetched, it says so and checks the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
deny=$1
checks=(advisories)
if ! timeout 60 "$deny" fetch db >/dev/null 2>&1; then
  echo "deny: the advisory database cannot be fetched; advisories are NOT checked" >&2
  checks=()
fi
for manifest in Cargo.toml localnet/Cargo.toml; do
  "$deny" --log-level error --locked --manifest-path "$manifest" --config deny.toml check --hide-inclusion-graph \
    bans licenses sources "${checks[@]}"
done
