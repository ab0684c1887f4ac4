#!/usr/bin/env bash
# bench.sh BIN: measures every figure that has a target, prints `FIGURE name value unit target ok|MISSED`
# and keeps them in docs/reports/bench.md with commit and machine. Fails when one is missed.
set -euo pipefail
cd "$(dirname "$0")/.."
report=docs/reports/bench.md
bin=$1
# in_browser WALK…: beside a whole stack, one after the other
in_browser() { AEGLE_BENCH=1 AEGLE_CHROMIUM=$(scripts/browser.sh) "$bin/with-stack" npm --prefix app run --silent e2e -- --workers 1 "$@"; }

# A release holds the app itself, without the development wallet: a wallet app signs in and sets up.
cargo build --quiet --release --locked --workspace --bin aegle-indexer
server=$bin/../release/aegle-indexer
AEGLE_SERVER=$server in_browser phone.spec.ts

figures=$(
  cargo test --quiet --locked -p aegle-tests --test program figures -- --nocapture | grep '^FIGURE'
  "$bin/aegle-demo" --once | grep '^FIGURE'
  "$bin/with-postgres" cargo bench --quiet --locked --workspace --bench replay | grep '^FIGURE'
  "$bin/with-postgres" cargo bench --quiet --locked --workspace --bench read | grep '^FIGURE'
  cargo bench --quiet --locked --workspace --bench content | grep '^FIGURE'
  cargo bench --quiet --locked --workspace --bench import | grep '^FIGURE'
  # A figure that is missed fails here too, and is shown among the others.
  { in_browser build.spec.ts || true; } | grep '^FIGURE'
  { AEGLE_SERVER=$server in_browser speed.spec.ts || true; } | grep '^FIGURE'
)
echo "$figures"
{
  printf '# Figures with a target\n\nWritten by `make bench`. Wall-clock figures are of the debug build, those of\nreplay, read, content, import and the first page of the release build.\n\n'
  printf -- '- commit: %s\n' "$(git describe --always --dirty --abbrev=12)"
  printf -- '- machine: %s, %s cores, %s GiB\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(awk '/MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo)"
  printf -- '- program: %s\n\n' "$(tr '\n' ' ' <target/deploy/aegle.build | sed 's/ $//')"
  printf '| figure | value | unit | target | |\n|---|---:|---|---:|---|\n'
  echo "$figures" | awk '{printf "| %s | %s | %s | %s | %s |\n", $2, $3, $4, $5, $6}'
} >"$report.part"
mv "$report.part" "$report"
! grep -q ' MISSED$' <<<"$figures"
