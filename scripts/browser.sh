#!/usr/bin/env bash
# browser.sh: prints the path of a Chromium to test with: AEGLE_CHROMIUM, one on the PATH, or Debian's, which
# is unpacked below AEGLE_CACHE, once, without root and without changing the system. The headless shell goes
# before: it has no windows to draw, and the walks take three quarters of the time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${AEGLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aegle}/browser

cannot() {
  echo "No browser to test with: $1 Install Chromium, or set AEGLE_CHROMIUM to the path of one." >&2
  exit 1
}

if [ -n "${AEGLE_CHROMIUM:-}" ]; then
  [ -x "$AEGLE_CHROMIUM" ] || cannot "AEGLE_CHROMIUM is $AEGLE_CHROMIUM, which cannot be run."
  echo "$AEGLE_CHROMIUM"
  exit
fi
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
  command -v $name && exit
done

# One at a time for all who share the folder.
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
# One that an earlier version unpacked may lack what this one knows of.
if ! "$folder/headless-shell" --version >/dev/null 2>&1; then
  # shellcheck source=debian.sh
  . "$here/debian.sh"
  need_debian
  suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  echo "fetching Chromium, once" >&2
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  # Latin letters by two families, and Arabic ones.
  unpack "$folder.part" root "$(debian_suite "${suite:-bookworm}")" \
    chromium-headless-shell fonts-liberation fonts-dejavu-core fonts-noto-core fontconfig-config
  rm -rf "$folder.part"/root/usr/share/{doc,icons,locale,man,perl}
  # What the system has goes before: its loader and libc belong together.
  rm -f "$folder.part"/root/lib/*/{ld-linux*,libc,libm,libpthread,libdl,librt,libresolv}.so.* \
    "$folder.part"/root/usr/lib/*/{ld-linux*,libc,libm,libpthread,libdl,librt,libresolv}.so.*
  cat >"$folder.part/fonts.conf" <<END
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>$folder/root/usr/share/fonts</dir>
  <cachedir>$folder/fonts</cachedir>
  <include ignore_missing="yes">$folder/root/etc/fonts/conf.d</include>
</fontconfig>
END
  cat >"$folder.part/headless-shell" <<'END'
#!/bin/sh
# Runs the unpacked Chromium with the libraries and fonts it came with.
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here"/root/usr/lib/*-linux-gnu "$here"/root/lib/*-linux-gnu \
  "$here"/root/usr/lib/*-linux-gnu/nss "$here"/root/usr/lib/*-linux-gnu/pulseaudio; do
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/root/usr/lib/chromium/chromium-headless-shell" "$@"
END
  chmod +x "$folder.part/headless-shell"
  said=$("$folder.part/headless-shell" --version 2>&1) || cannot "Debian's does not start: $said"
  rm -rf "$folder"
  mv "$folder.part" "$folder"
fi
echo "$folder/headless-shell"
