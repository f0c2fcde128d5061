# The hub and the model owners' web servers, over TLS on loopback, under an authority of the demo's own.

# make_certificate NAME OWNER DIRECTORY: DIRECTORY/{key,cert}.pem for localhost.
make_certificate() {
  local name=$1 owner=$2 directory=$3
  [ ! -s "$directory/cert.pem" ] || return 0
  install -d -m 700 -o "$owner" -g "$owner" "$directory"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout "$directory/key.pem" -out "$directory/request.pem" 2> /dev/null
  openssl x509 -req -in "$directory/request.pem" -days 30 -CA "$STATE/ca/ca.pem" -CAkey "$STATE/ca/ca.key" \
    -CAcreateserial -out "$directory/cert.pem" \
    -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') 2> /dev/null
  rm "$directory/request.pem"
  chmod 600 "$directory/key.pem"
  chown "$owner:" "$directory"/{key,cert}.pem
}

make_authority() {
  [ ! -s "$STATE/ca/ca.pem" ] || return 0
  install -d -m 755 "$STATE/ca"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj '/CN=MedPerf demo authority' -keyout "$STATE/ca/ca.key" -out "$STATE/ca/ca.pem" 2> /dev/null
  chmod 600 "$STATE/ca/ca.key"
}

wait_for_port() {
  local port=$1 name=$2 log=$3 i
  for i in $(seq 2400); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then return 0; fi
    sleep 0.05
  done
  echo "demo: $name does not answer on port $port; its log is $log" >&2
  tail -n 5 "$log" >&2 || true
  return 1
}

alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2> /dev/null; }

start_hub() {
  local home; home=$(home_of hub)
  make_certificate "MedPerf demo hub" "${USER_PREFIX}hub" "$home/tls"
  # The configuration is written last: without it an earlier demo was interrupted here.
  if [ ! -s "$home/hub.yaml" ]; then
    rm -rf "${home:?}/hub"
    run_as hub medperf-hub init --data "$home/hub" > "$home/init.log" 2>&1 || { cat "$home/init.log" >&2; return 1; }
    cat > "$home/hub.yaml.part" <<YAML
data: $home/hub
http:
  address: 127.0.0.1
  port: $PORT
  certificate: $home/tls/cert.pem
  private_key: $home/tls/key.pem
  public_url: $HUB_URL
YAML
    chown "${USER_PREFIX}hub:" "$home/hub.yaml.part"
    mv "$home/hub.yaml.part" "$home/hub.yaml"
  fi
  alive "$home/hub.pid" && return 0
  # The pid of the hub itself, which the tests kill. Descriptor 9 is the demo's lock: a hub that is kept must not hold it.
  run_as hub sh -c 'setsid medperf-hub serve --config hub.yaml > hub.log 2>&1 < /dev/null & echo $! > hub.pid' 9>&-
  wait_for_port "$PORT" "the hub" "$home/hub.log"
}

add_hub_accounts() {
  local role home copy; home=$(home_of hub)
  local known; known=$(run_as hub medperf-hub user list --config hub.yaml --json | jq -r '.[].username')
  for role in "${ROLES[@]}"; do
    grep -qx "$role" <<< "$known" && continue
    copy=$home/password.$role
    install -m 600 -o "${USER_PREFIX}hub" "$(home_of "$role")/password" "$copy"
    run_as hub medperf-hub user add --config hub.yaml --username "$role" --email "$role@demo.invalid" \
      --password-file "$copy" $([ "$role" != admin ] || echo --admin) > /dev/null
    rm "$copy"
  done
}

start_web_server() {
  local role=$1 home port user; home=$(home_of "$1") port=${SERVER_PORT[$1]} user=$USER_PREFIX$1
  make_certificate "$role's images" "$user" "$home/web/tls"
  install -d -m 700 -o "$user" -g "$user" "$home/web" "$home/web/files"
  alive "$home/web/nginx.pid" && return 0
  cat > "$home/web/nginx.conf" <<NGINX
daemon on;
pid $home/web/nginx.pid;
worker_processes 1;
error_log $home/web/error.log warn;
events {}
http {
  access_log $home/web/access.log;
  client_body_temp_path $home/web/tmp; proxy_temp_path $home/web/tmp; fastcgi_temp_path $home/web/tmp;
  uwsgi_temp_path $home/web/tmp; scgi_temp_path $home/web/tmp;
  sendfile on;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate $home/web/tls/cert.pem;
    ssl_certificate_key $home/web/tls/key.pem;
    root $home/web/files;
  }
}
NGINX
  chown "$user:" "$home/web/nginx.conf"
  run_as "$role" nginx -e "$home/web/error.log" -p "$home/web" -c "$home/web/nginx.conf" 9>&-
  wait_for_port "$port" "the web server of $role" "$home/web/error.log"
}

start_servers() {
  make_authority
  start_hub
  add_hub_accounts
  local role
  for role in "${SERVERS[@]}"; do start_web_server "$role"; done
}

stop_servers() {
  local role pid
  for role in "${SERVERS[@]}"; do
    pid=$(home_of "$role")/web/nginx.pid
    ! alive "$pid" || kill "$(cat "$pid")" || true
  done
  pid=$(home_of hub)/hub.pid
  if alive "$pid"; then
    kill "$(cat "$pid")" || true
    for _ in $(seq 100); do alive "$pid" || break; sleep 0.05; done
  fi
  rm -f "$pid"
}
