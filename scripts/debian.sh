# shellcheck shell=bash
# Sourced by scripts that take Debian packages without root and without changing the system: the packages
# are downloaded with a private apt state and unpacked. Who sources it has a function `cannot REASON`, which
# ends the script.

debian_key=/usr/share/keyrings/debian-archive-keyring.gpg

# need_debian: apt, its key and an archive; sets $debian_main and $debian_security to the archives' addresses
need_debian() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || cannot "this is not a Debian-like system."
  [ -f "$debian_key" ] || cannot "$debian_key is missing; install debian-archive-keyring."
  debian_main=$(debian_archive 'Label: Debian')
  debian_security=$(debian_archive 'Label: Debian-Security')
  [ -n "$debian_main" ] || cannot "apt knows no Debian archive; run apt-get update, or add one."
  [ -n "$debian_security" ] || debian_security="${debian_main%/debian*}/debian-security"
}

debian_archive() { apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' "$@" | head -n 1; }

# debian_suite NAME: the sources of a suite's packages, with its security updates where it has them
debian_suite() {
  echo "deb [signed-by=$debian_key] $debian_main $1 main"
  [ "$1" = sid ] || echo "deb [signed-by=$debian_key] $debian_security $1-security main"
}

# unpack FOLDER NAME "SOURCES" PACKAGE…: the packages and all they need, below FOLDER/NAME, with their hashes
# in FOLDER/tools.lock
unpack() {
  local work=$1 name=$2 sources=$3
  local state=$work/apt-$name
  shift 3
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$work/$name"
  printf '%s\n' "$sources" >"$state/sources.list"
  : >"$state/status"
  local options=(
    -qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache" -o "Dir::State::status=$state/status"
    -o Acquire::Check-Valid-Until=false -o APT::Install-Recommends=false -o Debug::NoLocking=1
    -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=
  )
  apt-get "${options[@]}" update || cannot "the package lists could not be fetched."
  apt-get "${options[@]}" install -y --download-only "$@" >/dev/null || cannot "the packages $* could not be fetched."
  local deb
  for deb in "$state"/cache/archives/*.deb; do
    dpkg -x "$deb" "$work/$name"
    printf '%s %s %s\n' "$name" "$(basename "$deb")" "$(sha256sum <"$deb" | cut -d' ' -f1)" >>"$work/tools.lock"
  done
  rm -rf "$state"
}
