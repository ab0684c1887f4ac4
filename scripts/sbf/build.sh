#!/usr/bin/env bash
# Builds programs/aegle to SBF bytecode: target/deploy/aegle.so, and target/deploy/aegle.build with
# the route and tool versions that made it. Builds nothing when nothing changed.
#
#   AEGLE_CACHE      where tools and build output live (default ~/.cache/aegle)
#   AEGLE_SBF_ROUTE  solana-cli or upstream (default: the first that is there)
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${AEGLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aegle}
out=$root/target/deploy
tools=$cache/sbf/tools
route=${AEGLE_SBF_ROUTE:-}
[ -n "$route" ] || { command -v cargo-build-sbf >/dev/null && route=solana-cli || route=upstream; }

say() { echo "sbf: $*" >&2; }
inputs() {
  (
    cd "$root"
    find programs/aegle scripts/sbf -type f | LC_ALL=C sort | xargs sha256sum
    sha256sum Cargo.lock Cargo.toml
    echo "$route"
  ) | sha256sum | cut -d' ' -f1
}

mkdir -p "$out" "$cache/sbf"
# One build at a time for all checkouts that share the cache.
exec 9>"$cache/sbf/lock"
flock 9

stamp=$(inputs)
built=$cache/sbf/built/$stamp
if [ ! -f "$built/aegle.so" ]; then
  started=$SECONDS
  case $route in
  solana-cli)
    say "building the program with cargo-build-sbf"
    env -u CARGO_TARGET_DIR cargo-build-sbf --manifest-path "$root/programs/aegle/Cargo.toml" \
      --sbf-out-dir "$cache/sbf/out" --features no-log-ix-name -- --target-dir "$cache/sbf/solana-cli" >&2
    versions=$(cargo-build-sbf --version | tr '\n' ' ')
    ;;
  upstream)
    if [ ! -f "$tools/tools.lock" ]; then
      say "no cargo-build-sbf on the PATH; preparing the upstream toolchain (once, about five minutes)"
      "$root/scripts/sbf/tools.sh" "$tools"
    fi
    say "building the program with the upstream toolchain (up to three minutes when nothing is cached)"
    # Built from a copy at one place, because the path enters the bytes.
    source=$cache/sbf/source
    rm -rf "$source"
    mkdir -p "$source/programs"
    cp -r "$root/programs/aegle" "$source/programs/"
    cp "$root/Cargo.lock" "$source/"
    sed '/^members = \[/,/\]/c members = ["programs/aegle"]' "$root/Cargo.toml" >"$source/Cargo.toml"
    flags=(
      -Aexplicit_builtin_cfgs_in_flags --cfg 'target_os="solana"' --cfg 'target_arch="csky"'
      -C "linker=$tools/bin/linker" -Zunstable-options -Cpanic=immediate-abort -C relocation-model=static
      -C passes=lower-atomic -C link-arg=--llvm-args=-bpf-stack-size=4096
      -C "link-arg=$tools/int128-multiply.bc"
      # The virtual machine reads words at any address; byte by byte costs twice the code and a third more units.
      -C target-feature=+allows-misaligned-mem-access
    )
    (
      cd "$source"
      unset RUSTUP_TOOLCHAIN RUSTC_WRAPPER RUSTFLAGS
      export RUSTC=$tools/bin/rustc RUSTC_BOOTSTRAP=1 RUSTC_BOOTSTRAP_SYNTHETIC_TARGET=1
      CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
      export CARGO_ENCODED_RUSTFLAGS
      CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
        CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
        "$tools/bin/cargo" build --release --package aegle --features no-log-ix-name --target "$root/scripts/sbf/sbpf-solana.json" \
        --target-dir "$cache/sbf/target" -Zjson-target-spec -Zbuild-std=std,panic_abort >&2
    )
    mkdir -p "$cache/sbf/out"
    mv "$source/target/deploy/aegle.so" "$cache/sbf/out/aegle.so"
    versions="$("$tools/bin/rustc" --version), $(grep -o 'sbpf-linker-[0-9.]*' "$tools/tools.lock"), $(grep -o 'libllvm23_[^_]*' "$tools/tools.lock" | head -n 1)"
    ;;
  *)
    say "AEGLE_SBF_ROUTE is '$route'; it is solana-cli or upstream"
    exit 2
    ;;
  esac
  rm -rf "$built.part"
  mkdir -p "$built.part"
  mv "$cache/sbf/out/aegle.so" "$built.part/"
  printf 'route %s\ntools %s\n' "$route" "$versions" >"$built.part/aegle.build"
  rm -rf "$built"
  mv "$built.part" "$built"
  say "built in $((SECONDS - started)) s"
fi
cp "$built/aegle.so" "$built/aegle.build" "$out/"
say "target/deploy/aegle.so, $(stat -c %s "$out/aegle.so") bytes, $(head -n 1 "$out/aegle.build")"
