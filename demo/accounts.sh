# Users of the operating system, one a role: each has a 0700 home, an image store and cgroups of its own.

home_of() { echo "$STATE/accounts/$1"; }

# Makes the users that are missing, their homes and their delegated cgroups. Root.
make_accounts() {
  install -d -m 755 "$STATE" "$STATE/accounts"
  local role user
  for role in hub "${ROLES[@]}"; do
    user=$USER_PREFIX$role
    if ! id "$user" > /dev/null 2>&1; then
      useradd --home-dir "$(home_of "$role")" --no-create-home --shell /usr/sbin/nologin "$user"
    fi
    install -d -m 700 -o "$user" -g "$user" "$(home_of "$role")" "$(home_of "$role")/runtime"
    [ "$role" = hub ] || "$TOP/scripts/cgroup-delegate.sh" add "$user" medperf-demo > /dev/null
  done
  for role in "${ROLES[@]}"; do make_password "$role"; done
}

make_password() {
  local file; file=$(home_of "$1")/password
  [ -s "$file" ] && return
  (umask 077; openssl rand -base64 24 > "$file.part")
  chown "$USER_PREFIX$1:" "$file.part"
  mv "$file.part" "$file"
}

# run_as ROLE COMMAND...: as that role's user, with a clean environment, from its own home.
run_as() {
  local role=$1 user=$USER_PREFIX$1 home
  home=$(home_of "$1")
  shift
  (
    cd "$home"
    # On cgroup v2 only root may move a process into the delegated subtree; on v1 the user does so itself.
    if [ -w "/sys/fs/cgroup/medperf-demo/$user/cgroup.procs" ]; then
      echo "$BASHPID" > "/sys/fs/cgroup/medperf-demo/$user/cgroup.procs"
    fi
    exec 9>&-   # what is left running does not hold the demo's lock
    exec setpriv --reuid "$user" --regid "$user" --init-groups -- \
      env -i HOME="$home" USER="$user" LANG=C.UTF-8 XDG_RUNTIME_DIR="$home/runtime" \
      PATH="$PREFIX/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
  )
}

# medperf_as ROLE ARGUMENT...: the command line of that role; its questions are answered with yes, as printed.
medperf_as() {
  local role=$1
  shift
  run_as "$role" medperf "$@" < <(yes y 2> /dev/null | head -n 500)
}

# The demo's users that exist, as pgrep and pkill want them.
users_list() {
  local role users=
  for role in hub "${ROLES[@]}"; do
    ! id "$USER_PREFIX$role" > /dev/null 2>&1 || users+=${users:+,}$USER_PREFIX$role
  done
  echo "$users"
}

# Asks clients to stop: each ends its containers, and the guard beside a run removes what is left of it.
stop_clients() {
  local users name; users=$(users_list)
  [ -n "$users" ] || return 0
  pkill -INT -x -u "$users" medperf || true
  for name in medperf medperf-probe; do
    for _ in $(seq 150); do pgrep -x -u "$users" "$name" > /dev/null || break; sleep 0.1; done
  done
}

# Ends every process of the demo's users at once.
end_processes() {
  local users; users=$(users_list)
  [ -n "$users" ] || return 0
  pkill -KILL -u "$users" || true
  for _ in $(seq 50); do pgrep -u "$users" > /dev/null || break; sleep 0.1; done
}

# Ends every process of the demo's users and removes users, cgroups and state. Root.
remove_accounts() {
  local role user
  end_processes
  for role in hub "${ROLES[@]}"; do
    user=$USER_PREFIX$role
    id "$user" > /dev/null 2>&1 || continue
    rm -rf /tmp/medperf-"$(id -u "$user")"-*   # podman's run folders, which need a short path
    "$TOP/scripts/cgroup-delegate.sh" remove "$user" medperf-demo > /dev/null 2>&1 || true
    # A rootless image store holds files of the user's subordinate ids; root removes them all below.
    userdel "$user" 2> /dev/null || { sleep 1; userdel --force "$user"; }
  done
}
