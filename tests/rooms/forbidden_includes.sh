#!/usr/bin/env bash
# The configure step must fail on an include that crosses a border, and pass on one that may.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

try() { # ROOM INCLUDE_LINE
  rm -rf "$work/room" && mkdir "$work/room"
  printf '%s\n' "$2" > "$work/room/file.cpp"
  cat > "$work/check.cmake" <<CMAKE
cmake_minimum_required(VERSION 3.25)
include($top/cmake/Rooms.cmake)
check_includes($1 $work/room)
CMAKE
  cmake -P "$work/check.cmake" > "$work/log" 2>&1
}
expect() { # pass|fail ROOM INCLUDE_LINE
  local seen=pass
  try "$2" "$3" || seen=fail
  [ "$seen" = "$1" ] || { echo "room $2 with '$3': expected $1, saw $seen"; cat "$work/log"; exit 1; }
  echo "$1: $2 with $3"
}

expect pass hub '#include "domain/record.h"'
expect fail hub '#include "site/policy/policy.h"'
expect fail site '#include "hub/api/router.h"'
expect fail domain '#include "sql/database.h"'
expect fail base '#include "crypto/sha256.h"'
expect fail metrics '#include "imaging/npy.h"'
expect pass net '#include <boost/asio.hpp>'
expect fail hub '#include <boost/asio.hpp>'
expect fail site '#include <sqlite3.h>'
expect fail cli '#include <nlohmann/json.hpp>'
