#!/usr/bin/env bash
# Removes everything that the demo made: processes, users, cgroups, programs, state.
set -euo pipefail
TOP=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$TOP"
. scripts/common.sh
. demo/settings.sh
[ "$(id -u)" = 0 ] || { as_root "$0" "$@"; exit; }
. demo/accounts.sh
# The state goes in one step: whatever interrupts the rest, the next demo starts anew and not from a half.
[ ! -e "$STATE" ] || mv "$STATE" "$STATE.removed-$$"
remove_accounts
rm -rf --one-file-system "$STATE".removed-* "$PREFIX"
