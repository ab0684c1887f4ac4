#!/usr/bin/env bash
# check-named-tests.sh [PAGE…]: the tests that a page names must be there. The pages are
# docs/INVARIANTS.md and docs/compliance.md unless given.
#
# A name is a word in backticks of lower case letters, digits and underscores, at least one of them; … in
# it stands for anything. After files (`path.rs`, `path.rs`: `name`, `name`) it must be a function in one
# of them; without, in a row of a table, a function anywhere. A path may be the end of one, or a folder
# with its slash, and must be there too. Words that begin with aegle_ are metrics and roles.
set -euo pipefail
cd "$(dirname "$0")/.."
pages=("$@")
[ $# -gt 0 ] || pages=(docs/INVARIANTS.md docs/compliance.md)
# shellcheck disable=SC2016 # The backticks and dollars are awk's.
awk '
  function within(path, place) {
    if (place ~ /\/$/) return index("/" path, "/" place) > 0
    return path == place || substr(path, length(path) - length(place)) == "/" place
  }
  function there(place,   path) {
    for (path in tracked) if (within(path, place)) return 1
    return 0
  }
  function defined(name, count,   pattern, each, found, f, p) {
    pattern = name
    gsub(/…/, "[a-z0-9_]*", pattern)
    for (each in functions) {
      if (each !~ "^" pattern "$") continue
      if (count == 0) return 1
      split(functions[each], found, "\n")
      for (f in found) for (p = 1; p <= count; p++) if (within(found[f], place[p])) return 1
    }
    return 0
  }
  function missing(what) { print FILENAME ":" FNR ": there is no " what; failed = 1 }

  listing == "paths" { tracked[$0]; next }
  listing == "functions" {
    path = name = $0
    sub(/:.*/, "", path)
    sub(/.*fn /, "", name)
    functions[name] = functions[name] path "\n"
    next
  }
  /^```/ { code = !code }
  code { next }
  {
    parts = split($0, part, "`")
    waiting = active = 0
    for (i = 1; i <= parts; i++) {
      text = part[i]
      if (i % 2) {
        # A colon puts the files before it in force, until the row or the sentence turns to others.
        if (waiting && text ~ /^:/) for (active = 0; active < waiting; ) { active++; place[active] = wait[active] }
        if (text !~ /^, *$/) waiting = 0
        if (text ~ /[;|]/) active = 0
      } else if (text ~ /^[a-zA-Z0-9_.-][a-zA-Z0-9_.\/-]*(\.rs|\/)$/) {
        if (!there(text)) missing(text)
        wait[++waiting] = text
      } else if (text ~ /^[a-z0-9_…]*_[a-z0-9_…]*$/ && text !~ /^aegle_/ && (active || /^\|/)) {
        named[FILENAME]++
        if (defined(text, active)) continue
        where = active ? " in " place[1] : ""
        for (p = 2; p <= active; p++) where = where ", " place[p]
        missing("function " text where)
      }
    }
  }
  END {
    # A page that is laid out otherwise would pass unread.
    for (a = 3; a < ARGC; a++) if (ARGV[a] !~ /=/ && ARGV[a] !~ /^\/dev\/fd\// && !named[ARGV[a]]) { print ARGV[a] ": names no test"; failed = 1 }
    exit failed
  }
' listing=paths <(git ls-files) listing=functions <(git grep -oE 'fn [a-z0-9_]+' -- '*.rs') listing= "${pages[@]}" >&2
