#!/usr/bin/env bash
# Builds crates/aegle-web to WebAssembly with its JavaScript and types: app/src/core/pkg/, which git ignores, has
# two modules, aegle_web and aegle_fhir. Builds nothing when nothing changed.
#
#   AEGLE_CACHE       where tools and build output live (default ~/.cache/aegle)
#   AEGLE_WASM_ROUTE  stock or upstream (default: stock where the installed toolchain has the target or rustup
#                     adds it, else upstream: the toolchain of scripts/sbf, which has the library's sources)
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${AEGLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aegle}
out=$root/app/src/core/pkg
target=wasm32-unknown-unknown
sbf=$cache/sbf/tools

say() { echo "wasm: $*" >&2; }
has_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; }

mkdir -p "$cache/wasm"
# One build at a time for all checkouts that share the cache.
exec 9>"$cache/wasm/lock"
flock 9

route=${AEGLE_WASM_ROUTE:-}
if [ -z "$route" ]; then
  route=upstream
  if has_target || { command -v rustup >/dev/null && rustup target add $target >/dev/null 2>&1 && has_target; }; then
    route=stock
  fi
fi

inputs() {
  (
    cd "$root"
    # What the crate is made of: itself and the crates of this checkout that it needs.
    cargo tree --locked --package aegle-web --edges normal,build --target $target --prefix none --format '{p}' |
      sed -n "s|^[^(]*(proc-macro) *||; s|.* ($root/\([^)]*\))\( (\*)\)\{0,1\}$|\1|p" | LC_ALL=C sort -u |
      while read -r crate; do find "$crate/src" "$crate/Cargo.toml" -type f; done |
      LC_ALL=C sort | xargs sha256sum
    sha256sum Cargo.lock Cargo.toml scripts/wasm/build.sh
    echo "$route"
  ) | sha256sum | cut -d' ' -f1
}

stamp=$(inputs)
built=$cache/wasm/built/$stamp
if [ ! -f "$built/aegle_web.build" ]; then
  started=$SECONDS
  # The command has to be of the very version of the crate.
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' "$root/Cargo.lock")
  bindgen=$cache/tools/wasm-bindgen-$version
  if [ ! -x "$bindgen/bin/wasm-bindgen" ]; then
    say "building wasm-bindgen $version, once"
    install() {
      cargo install wasm-bindgen-cli --version "$version" --bin wasm-bindgen --root "$bindgen" \
        --target-dir "$cache/target/tools" "$@"
    }
    # Its lock file may name what a mirror of the registry does not have yet.
    install --locked >&2 || install >&2
  fi

  say "building the crate by the $route route (some minutes when nothing is cached)"
  # Every browser since 2023 has it.
  flags=(-C target-feature=+simd128)
  case $route in
  stock)
    versions=$(rustc --version)
    compile() {
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="${flags[*]}" cargo build --target-dir "$cache/wasm/stock" "$@"
    }
    ;;
  upstream)
    if [ ! -f "$sbf/tools.lock" ]; then
      say "preparing the upstream toolchain (once, about five minutes)"
      "$root/scripts/sbf/tools.sh" "$sbf"
    fi
    versions=$("$sbf/bin/rustc" --version)
    linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
    [ -x "$linker" ] || { say "there is no linker at $linker; install Rust with rustup"; exit 1; }
    compile() {
      env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER RUSTC="$sbf/bin/rustc" RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="${flags[*]} -C linker=$linker" \
        "$sbf/bin/cargo" build -Zbuild-std=std,panic_abort --target-dir "$cache/wasm/upstream" "$@"
    }
    ;;
  *)
    say "AEGLE_WASM_ROUTE is '$route'; it is stock or upstream"
    exit 2
    ;;
  esac
  rm -rf "$built.part"
  mkdir -p "$built.part"
  for module in base:aegle_web fhir:aegle_fhir; do
    (cd "$root" && compile --locked --package aegle-web --no-default-features --features "${module%:*}" \
      --profile web --target $target >&2)
    "$bindgen/bin/wasm-bindgen" --target web --omit-default-module-path --remove-name-section \
      --remove-producers-section --out-name "${module#*:}" --out-dir "$built.part" \
      "$cache/wasm/$route/$target/web/aegle_web.wasm"
  done
  printf 'route %s\ntools %s, wasm-bindgen %s\n' "$route" "$versions" "$version" >"$built.part/aegle_web.build"
  rm -rf "$built"
  mv "$built.part" "$built"
  say "built in $((SECONDS - started)) s"
fi
mkdir -p "$out"
for file in "$built"/*; do
  # What is the same keeps its time, so that whoever watches the folder sees no change.
  cmp -s "$file" "$out/$(basename "$file")" || cp "$file" "$out/"
done
for module in aegle_web aegle_fhir; do
  say "app/src/core/pkg/${module}_bg.wasm, $(stat -c %s "$out/${module}_bg.wasm") bytes," \
    "$(gzip -9c "$out/${module}_bg.wasm" | wc -c) with gzip, $(head -n 1 "$out/aegle_web.build")"
done
