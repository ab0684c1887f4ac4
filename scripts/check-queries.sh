#!/usr/bin/env bash
# check-queries.sh BIN [--write]: compares the committed query descriptions in .sqlx with what the
# database of DATABASE_URL says of each query after the migrations, or writes them.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$1:$PATH"
unset SQLX_OFFLINE
# It says what is wrong on its standard output.
if ! said=$(sqlx migrate run --source migrations); then
  echo "$said" >&2
  exit 1
fi
if [ "${2:-}" = --write ]; then
  cargo sqlx prepare --workspace -- --all-targets --locked
else
  cargo sqlx prepare --workspace --check -- --all-targets --locked
fi
