# Sourced by test scripts: a docker engine of its own, without network, in a folder that is removed.
# start_dockerd FOLDER: 0 when it answers; its socket is FOLDER/docker.sock. stop_dockerd FOLDER.

start_dockerd() {
  local folder=$1 i
  mkdir -p "$folder"
  # 9>&-: it must not hold a lock of the caller.
  setsid dockerd --iptables=false --ip-masq=false --bridge=none --storage-driver overlay2 --data-root "$folder/data" \
    --exec-root "$folder/exec" --pidfile "$folder/pid" -H "unix://$folder/docker.sock" --group "$(id -gn)" \
    > "$folder/log" 2>&1 < /dev/null 8>&- 9>&- &
  for ((i = 0; i < 900; ++i)); do
    if [ -S "$folder/docker.sock" ] && docker -H "unix://$folder/docker.sock" version > /dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  echo "dockerd did not answer within 180 s:"
  tail -n 5 "$folder/log"
  return 1
}

stop_dockerd() {
  local folder=$1 pid i mount
  pid=$(cat "$folder/pid" 2> /dev/null)
  if [ -n "$pid" ]; then
    kill "$pid" 2> /dev/null
    for ((i = 0; i < 300; ++i)); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
    [ ! -e "/proc/$pid" ] || kill -KILL "$pid" 2> /dev/null
  fi
  grep -o "$folder/[^ ]*" /proc/self/mounts | sort -r | while read -r mount; do umount -l "$mount" 2> /dev/null; done
}
