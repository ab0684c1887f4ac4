#!/usr/bin/env bash
# timed.sh NAME COMMAND…: runs the command and says how long it took.
set -euo pipefail
name=$1
shift
started=$SECONDS
if "$@"; then status=0; else status=$?; fi
echo "$name: $([ $status = 0 ] && echo done || echo FAILED) after $((SECONDS - started)) s"
exit $status
