#!/bin/bash
# Runs on a fresh Debian, where /packages holds the .deb files: what an administrator does, from apt-get install to
# purge. There is no systemd here: the units' own command lines run as their account, with their umask and limits and
# without capabilities, but outside the sandbox that systemd would build. Prints a line "ok NAME" or "FAIL NAME: why".
set -u
CONFIG=/var/lib/medperf-hub/hub.yaml

is() { # NAME COMMAND...: one case
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok   $name"; else echo "FAIL $name: $(tail -n 3 <<< "$said" | tr '\n' ' ')"; fi
}
value() { sed -n "s/^$2=//p" "/usr/lib/systemd/system/$1" | head -n 1; }
become() { # UNIT COMMAND...: this shell becomes it, as systemd would start it
  local unit=$1 files
  shift
  umask "$(value "$unit" UMask)"
  files=$(value "$unit" LimitNOFILE)
  ulimit -n "${files:-1024}"
  cd /
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --reuid="$(value "$unit" User)" --regid="$(value "$unit" Group)" \
    --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
}
as_unit() { (become "$@"); }
start_line() { value "$1" ExecStart | sed 's/%%/%/g'; }
answers() { # PATH: the status line of the hub's answer
  exec 3<> "/dev/tcp/127.0.0.1/8443" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  head -n 1 <&3
  exec 3>&-
}
is_ready() {
  for _ in $(seq 1200); do
    [[ "$(answers /readyz 2> /dev/null)" == *" 200 "* ]] && return 0
    sleep 0.1
  done
  return 1
}
serves() { # The unit's command serves until SIGTERM and then ends well, in less than TimeoutStopSec.
  local pid begun
  # shellcheck disable=SC2046
  become medperf-hub.service $(start_line medperf-hub.service) > /var/log/hub.log 2>&1 &
  pid=$!
  is_ready || { tail -n 5 /var/log/hub.log; kill "$pid"; return 1; }
  begun=$SECONDS
  kill -TERM "$pid"
  wait "$pid" || { echo "ended with $?"; return 1; }
  [ $((SECONDS - begun)) -lt "$(value medperf-hub.service TimeoutStopSec)" ]
}
libraries() { # Those that a program is linked with, and those that it loads at first use.
  local program library
  for program in /usr/bin/medperf /usr/bin/medperf-hub; do
    ! ldd "$program" | grep 'not found' || return 1
    for library in $(grep -aoE 'lib[a-z0-9+_-]+\.so\.[0-9.]*[0-9]' "$program" | sort -u); do
      ldconfig -p | grep -qF "$library " || { echo "$program loads $library, which nothing installs"; return 1; }
    done
  done
}
private() { # Nobody else may read what is in the data folder.
  [ "$(stat -c '%U %G %a' /var/lib/medperf-hub)" = "medperf-hub medperf-hub 700" ] || return 1
  ! find /var/lib/medperf-hub ! -user medperf-hub | grep . && ! find /var/lib/medperf-hub -type f -perm /077 | grep .
}
gone() { ! find / -xdev -iname '*medperf*' -not -path '/packages*' -not -path '/proc/*' -not -path '/var/cache/*' "$@" | grep .; }
user() { as_unit medperf-hub.service medperf-hub "$@"; }

apt-get update -q > /dev/null || exit 1
is "apt-get install: with what they depend on, and no more" \
  apt-get install -q -y --no-install-recommends /packages/medperf-hub_*.deb /packages/medperf_*.deb
is "the programs run" eval 'medperf --version && medperf-hub --version && medperf-hub --print-config'
is "every library is there" libraries
is "manual pages are there" test -s /usr/share/man/man1/medperf.1 -a -s /usr/share/man/man8/medperf-hub.8
is "the account has no password and no shell" eval \
  'getent passwd medperf-hub | grep -q ":/var/lib/medperf-hub:/usr/sbin/nologin$" && passwd -S medperf-hub | grep -q " L "'
is "nothing was started" eval '! answers /readyz'
is "init" user init --data /var/lib/medperf-hub
printf 'a long password\n' > /tmp/password
chown medperf-hub /tmp/password
is "user add" user user add --config "$CONFIG" --username a --email a@example.org --password-file /tmp/password --admin
is "the unit's command serves, and stops at SIGTERM" serves
is "the data is the account's alone" private
mkdir -p -m 0700 /var/lib/medperf-hub/backups
chown medperf-hub: /var/lib/medperf-hub/backups
is "the backup unit's command" eval "as_unit medperf-hub-backup.service $(start_line medperf-hub-backup.service)"
is "makes one backup, for the account alone" eval \
  '[ "$(find /var/lib/medperf-hub/backups -name "*.backup" -perm 600 -user medperf-hub | wc -l)" = 1 ]'
is "and clears old ones away" eval 'touch -d "40 days ago" /var/lib/medperf-hub/backups/old.backup &&
  chown medperf-hub /var/lib/medperf-hub/backups/old.backup &&
  eval "as_unit medperf-hub-backup.service $(value medperf-hub-backup.service ExecStartPost)" &&
  [ "$(find /var/lib/medperf-hub/backups -name "*.backup" | wc -l)" = 1 ]'
is "check" user check --config "$CONFIG"
is "installed again: an upgrade keeps everything" eval \
  'apt-get install -q -y --reinstall /packages/medperf-hub_*.deb && user check --config "$CONFIG"'
# The metrics packages: without the reader of DICOM first, then with it.
dicom() { medperf-metrics segmentation /packages/seg.dcm /packages/seg.dcm --labels 1 --metric dice --csv; }
is "medperf-metrics alone" apt-get install -q -y --no-install-recommends /packages/medperf-metrics_*.deb
printf 'case_id,score\na,0.9\nb,0.1\n' > /tmp/predictions.csv
printf 'case_id,label\na,1\nb,0\n' > /tmp/labels.csv
is "its program measures" eval 'medperf-metrics classification /tmp/predictions.csv /tmp/labels.csv --csv | grep "^auroc,,1,"'
is "its manual page is there" test -s /usr/share/man/man1/medperf-metrics.1
is "without the reader DICOM is refused, and the package named" eval '! dicom > /tmp/said 2>&1 && grep -q medperf-dicom /tmp/said'
is "medperf-dicom" apt-get install -q -y --no-install-recommends /packages/medperf-dicom_*.deb
is "with it DICOM is read" eval 'dicom | grep ",dice,,1,ok"'
is "both are removed" apt-get purge -q -y medperf-metrics medperf-dicom
is "apt-get remove" apt-get remove -q -y medperf medperf-hub
is "leaves the data and nothing else" eval 'gone -not -path "/var/lib/medperf-hub*" -not -path "/var/lib/dpkg/info/*" &&
  test -s /var/lib/medperf-hub/hub.db'
is "installed anew, the hub is as it was" eval 'apt-get install -q -y --no-install-recommends /packages/medperf-hub_*.deb &&
  user user list --config "$CONFIG" | grep -q a@example.org'
is "and serves" serves
is "apt-get purge" apt-get purge -q -y medperf-hub
is "leaves the data, its account and nothing else" eval 'gone -not -path "/var/lib/medperf-hub*" &&
  test -s /var/lib/medperf-hub/hub.db && private'
