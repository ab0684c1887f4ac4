#!/usr/bin/env bash
# Puts the upstream-eBPF toolchain into one folder outside the checkout, without root and without
# changing the system: Debian packages are downloaded with a private apt state and unpacked.
#
# usage: tools.sh FOLDER
#
# FOLDER/rust   rustc, cargo and the standard library's sources (stock release)
# FOLDER/llvm   the LLVM >= 23 run-time library with the loader it needs (development suite)
# FOLDER/bin    sbpf-linker, the wrapper that runs it, rustc and cargo wrappers
# FOLDER/tools.lock   every tool's version and SHA-256, since the suites move on
set -euo pipefail

folder=$1
here=$(cd "$(dirname "$0")" && pwd)
linker_version=0.2.6
# shellcheck source=../debian.sh
. "$here/../debian.sh"
[ -f "$folder/tools.lock" ] && exit 0

cannot() {
  cat >&2 <<END
Cannot prepare the SBF toolchain: $1
What to do: install the Solana CLI (https://solana.com/docs/intro/installation), which brings
cargo-build-sbf; this build uses it when it is on the PATH.
END
  exit 1
}
need_debian
[ "$(uname -m)" = x86_64 ] || cannot "the packages used here are for x86_64."
command -v cc >/dev/null || cannot "no C compiler; install gcc."

work=$folder.part
rm -rf "$work"
mkdir -p "$work"

echo "  fetching rustc with its sources" >&2
unpack "$work" rust "$(debian_suite bookworm)" rustc-web cargo-web rust-web-src llvm-16
echo "  fetching the LLVM run-time library" >&2
unpack "$work" llvm "$(debian_suite sid)" libllvm23

echo "  building sbpf-linker $linker_version" >&2
cargo install sbpf-linker --version $linker_version --locked --root "$work" --target-dir "$work/build" ||
  cannot "sbpf-linker could not be built."
rm -rf "$work/build"
printf 'crate sbpf-linker-%s %s\n' $linker_version "$(sha256sum <"$work/bin/sbpf-linker" | cut -d' ' -f1)" >>"$work/tools.lock"

# The packages' own libraries are searched before the system's, but never their libc: the system's
# loader and libc belong together.
rm -f "$work"/rust/lib/x86_64-linux-gnu/{libc,libm,libpthread,libdl,librt,libresolv,ld-linux-x86-64}.so.* \
  "$work"/rust/lib/x86_64-linux-gnu/{libc,libm,libpthread,libdl,librt,libresolv}-*.so
cat >"$work/bin/with-rust" <<'END'
#!/bin/sh
# Runs a program of the unpacked Rust packages with the libraries they came with.
T="$(cd "$(dirname "$0")/.." && pwd)"
name="$1"; shift
LD_LIBRARY_PATH="$T/rust/usr/lib/x86_64-linux-gnu:$T/rust/lib/x86_64-linux-gnu:$T/rust/usr/lib/llvm-16/lib" \
  exec "$T/rust/usr/bin/$name" "$@"
END
for name in rustc cargo; do
  printf '#!/bin/sh\nexec "$(dirname "$0")/with-rust" %s "$@"\n' $name >"$work/bin/$name"
done
cat >"$work/bin/linker" <<'END'
#!/bin/sh
# sbpf-linker loads LLVM 23, which needs its suite's newer libc: it runs under that suite's loader.
T="$(cd "$(dirname "$0")/.." && pwd)"; L="$T/llvm/usr/lib/x86_64-linux-gnu"
export LD_LIBRARY_PATH="$L"
exec "$L/ld-linux-x86-64.so.2" --library-path "$L" "$T/bin/sbpf-linker" "$@"
END
chmod +x "$work"/bin/*
"$work/bin/with-rust" llvm-as-16 "$here/int128-multiply.ll" -o "$work/int128-multiply.bc" ||
  cannot "llvm-as failed."
rm -rf "$folder"
mv "$work" "$folder"
