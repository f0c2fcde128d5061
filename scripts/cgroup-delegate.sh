#!/usr/bin/env bash
# Gives an ordinary user a control group in which memory and process limits can be set, which rootless
# podman needs on machines with cgroup v1, and on cgroup v2 without systemd. Root runs it.
#
#   cgroup-delegate.sh add USER [BASE]       make the group BASE/USER (default BASE: medperf), owned by USER;
#                                            prints its relative name, the value for engine.cgroup
#   cgroup-delegate.sh exec USER [BASE] -- COMMAND...
#                                            run COMMAND as USER; on cgroup v2 from inside the group, as the
#                                            kernel lets a user move processes only within its own subtree
#   cgroup-delegate.sh remove USER [BASE]    end what runs in it and remove it
# CGROUP_ROOT (default /sys/fs/cgroup) names the mount; groups do not survive a reboot.
set -euo pipefail

root=${CGROUP_ROOT:-/sys/fs/cgroup}
usage() { sed -n '2,13s/^# \{0,1\}//p' "$0"; exit "${1:-2}"; }
die() { echo "cgroup-delegate: $*" >&2; exit 1; }

[ $# -ge 1 ] || usage
case $1 in -h | --help) usage 0 ;; esac
[ $# -ge 2 ] || usage
verb=$1 user=$2
shift 2
base=medperf
if [ $# -gt 0 ] && [ "$1" != -- ]; then base=$1; shift; fi
[[ $base =~ ^[A-Za-z0-9_-]+$ ]] || die "BASE may hold letters, digits, '_' and '-' only"
[ "$(id -u)" = 0 ] || die "must be run by root"
[[ $user =~ ^[A-Za-z0-9_.-]+$ ]] || die "'$user' is no user name"

unified() { [ -e "$root/cgroup.controllers" ]; }

# The group's folders: one on version 2, one in each hierarchy on version 1.
folders() {
  if unified; then echo "$root/$base/$user"; else echo "$root/memory/$base/$user" "$root/pids/$base/$user"; fi
}

# A folder and what the kernel put in it belong to the user, limits of the group itself stay root's.
give() {
  chown "$user" "$1"
  local file
  for file in cgroup.procs cgroup.threads cgroup.subtree_control cgroup.event_control tasks; do
    if [ -e "$1/$file" ]; then chown "$user" "$1/$file"; fi
  done
}

enable_children() {
  local controller
  for controller in memory pids cpu; do
    if grep -qw "$controller" "$1/cgroup.controllers"; then
      echo "+$controller" > "$1/cgroup.subtree_control" || die "cannot enable '$controller' below $1"
    fi
  done
}

add() {
  id -u "$user" > /dev/null 2>&1 || die "there is no user '$user'"
  local folder
  if unified; then
    enable_children "$root"
    mkdir -p "$root/$base"
    enable_children "$root/$base"
  else
    for folder in memory pids; do
      [ -d "$root/$folder" ] || die "this machine has no cgroup hierarchy '$folder'"
    done
  fi
  for folder in $(folders); do
    mkdir -p "$folder"
    give "$folder"
  done
  if unified; then
    enable_children "$root/$base/$user"
    mkdir -p "$root/$base/$user/client" # processes live here: a group with processes hands nothing on
    give "$root/$base/$user/client"
  fi
  echo "$base/$user"
}

remove() {
  local folder group round pid
  for folder in $(folders); do
    [ -d "$folder" ] || continue
    for round in 1 2 3 4 5 6 7 8 9 10; do
      while read -r group; do
        while read -r pid; do kill -9 "$pid" 2> /dev/null || true; done < "$group"
      done < <(find "$folder" -name cgroup.procs)
      find "$folder" -depth -type d -exec rmdir {} \; 2> /dev/null || true
      [ -d "$folder" ] || break
      sleep 0.1
    done
    [ ! -d "$folder" ] || die "cannot remove $folder after $round tries: something in it does not end"
    rmdir "$(dirname "$folder")" 2> /dev/null || true
  done
}

case $verb in
  add) add ;;
  remove) remove ;;
  exec)
    [ "${1:-}" = -- ] && [ $# -ge 2 ] || usage
    shift
    if unified; then echo $$ > "$root/$base/$user/client/cgroup.procs"; fi
    exec runuser -u "$user" -- "$@"
    ;;
  *) usage ;;
esac
