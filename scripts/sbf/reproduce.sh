#!/usr/bin/env bash
# Builds the program twice, from two copies of the checkout in clean folders, each with build output and a
# Cargo home of its own, and compares the bytes. Tools and downloaded sources are shared, so that it works
# without the network; the copies reach them by other paths. Fails when a byte differs.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${AEGLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aegle}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() {
  local folder=$work/$1
  mkdir -p "$folder/checkout" "$folder/cache/sbf" "$folder/cargo"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory "$folder/checkout")
  [ ! -d "$cache/sbf/tools" ] || ln -s "$cache/sbf/tools" "$folder/cache/sbf/tools"
  find "$cargo_home" -mindepth 1 -maxdepth 1 -exec ln -s -t "$folder/cargo" {} +
  AEGLE_CACHE=$folder/cache CARGO_HOME=$folder/cargo "$folder/checkout/scripts/sbf/build.sh"
  sha256sum <"$folder/checkout/target/deploy/aegle.so" | cut -d' ' -f1
}

one=$(build one)
other=$(build another/place)
cat "$work/one/checkout/target/deploy/aegle.build"
echo "sha256 $one"
if [ "$one" != "$other" ]; then
  echo "sha256 $other, from the second folder: the build is not reproducible" >&2
  exit 1
fi
echo "both builds are the same, byte for byte"
