# The way of one result, as the nine accounts live it. Each step may be repeated: what is done is not done again.

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '  %s\n' "$*"; }

# Outlives a Ctrl-C, so that a client that is stopping can still say so.
indented() { trap '' INT TERM; sed 's/^/    /'; }

# act ROLE ARGUMENT...: shows and runs one command of that role; its output is indented.
act() {
  local role=$1 status=0
  shift
  printf '\n%s$ medperf %s\n' "$role" "$*"
  medperf_as "$role" "$@" 2>&1 | indented || status=$?
  return "$status"
}

# id_of ROLE GROUP NAME: the hub's id of a container, model, benchmark or dataset, by its name.
id_of() {
  medperf_as "$1" "$2" ls --json | jq -er --arg name "$3" '[.[] | select(.name == $name)][0].id'
}

image_of() { echo "$IMAGES/$1.tar"; }
config_of() {
  case $1 in
    preparation | hostile-evaluation) echo "$TOP/benchmarks/chest-xray/$1/container_config.yaml" ;;
    evaluation) echo "$TOP/benchmarks/standard/evaluation/container_config.yaml" ;;
    *) echo "$TOP/benchmarks/chest-xray/models/$1/container_config.yaml" ;;
  esac
}

# publish ROLE FILE: puts a file on the role's own web server and prints its address.
publish() {
  local role=$1 file=$2 target; target=$(home_of "$1")/web/files/$(basename "$2")
  cmp -s "$file" "$target" || install -m 600 -o "$USER_PREFIX$role" -g "$USER_PREFIX$role" "$file" "$target"
  echo "https://localhost:${SERVER_PORT[$role]}/$(basename "$file")"
}

# input ROLE FILE: a copy of a project file that the role may read, in its home; prints the path.
input() {
  local role=$1 file=$2 name=${3:-$(basename "$2")} target; target=$(home_of "$1")/inputs/$name
  install -d -m 700 -o "$USER_PREFIX$role" -g "$USER_PREFIX$role" "$(home_of "$role")/inputs"
  cmp -s "$file" "$target" || install -m 600 -o "$USER_PREFIX$role" -g "$USER_PREFIX$role" "$file" "$target"
  echo "$target"
}

sign_in_everyone() {
  local role
  say "Nine people sign in; each client makes its Ed25519 key and registers it"
  for role in "${ROLES[@]}"; do
    if [ ! -s "$(home_of "$role")/.medperf/config.yaml" ]; then
      medperf_as "$role" profile set "hub.url=$HUB_URL" "hub.ca_file=$STATE/ca/ca.pem" \
        "engine.cgroup=medperf-demo/$USER_PREFIX$role" > /dev/null
    fi
    [ -s "$(home_of "$role")/.medperf/policy.yaml" ] || medperf_as "$role" policy init > /dev/null
    if run_as "$role" medperf auth status > /dev/null 2>&1; then
      note "$role is signed in already"
      continue
    fi
    act "$role" auth login --username "$role" --password-file "$(home_of "$role")/password"
  done
}

show_refused_reach() {
  say "hospital-a tries to look into hospital-b's workspace; the kernel refuses"
  run_as hospital-a ls "$(home_of hospital-b)" 2>&1 | sed 's/^/    /' || true
}

submit_container() { # ROLE KIND IMAGE NAME [OPTION...]
  local role=$1 kind=$2 image=$3 name=$4
  shift 4
  act "$role" "$kind" submit --name "$name" --config "$(input "$role" "$(config_of "$image")" "$image.yaml")" \
    --archive "$(input "$role" "$(image_of "$image")")" --image-url "$(publish "$role" "$(image_of "$image")")" \
    --operational "$@"
}

register_benchmark() {
  local spec=$TOP/benchmarks/chest-xray demo
  say "1. The benchmark group registers containers, reference model and benchmark; the platform approves"
  submit_container group container preparation "chest-xray preparation" \
    --parameters "$(input group "$spec/preparation/parameters.yaml" preparation-parameters.yaml)"
  submit_container group container evaluation "chest-xray evaluation" \
    --parameters "$(input group "$spec/evaluation/parameters.yaml" evaluation-parameters.yaml)"
  submit_container group model lr-pixel "lr-pixel"
  demo=$IMAGES/demo-data.tar.gz
  local file
  for file in benchmark.yaml result-schema.json release-policy.yaml; do input group "$spec/$file" > /dev/null; done
  act group benchmark submit --spec "$(home_of group)/inputs/benchmark.yaml" \
    --data-preparation-mlcube "$(id_of group container 'chest-xray preparation')" \
    --reference-model "$(id_of group model 'lr-pixel')" \
    --evaluator-mlcube "$(id_of group container 'chest-xray evaluation')" \
    --demo-archive "$(input group "$demo")" --demo-url "$(publish group "$demo")" \
    --source-archive "$(input group "$IMAGES/lr-pixel-source.tar.gz")" \
    --source-url "$(publish group "$IMAGES/lr-pixel-source.tar.gz")" --operational
  BENCHMARK=$(id_of group benchmark "$BENCHMARK_NAME")
  act admin benchmark approve -b "$BENCHMARK"
}

join_hospital() {
  local role=$1 raw dataset; raw=$(home_of "$1")/raw
  act "$role" dataset submit -b "$BENCHMARK" --data-path "$raw/images" --labels-path "$raw/labels" \
    --name "$role chest X-rays" --description "Simulated site of PneumoniaMNIST images" --location "simulated"
  dataset=$(id_of "$role" dataset "$role chest X-rays")
  act "$role" dataset prepare -d "$dataset"
  act "$role" dataset set_operational -d "$dataset"
  act "$role" dataset associate -d "$dataset" -b "$BENCHMARK"
  act group association approve -b "$BENCHMARK" -d "$dataset"
}

join_hospitals() {
  say "2. Five hospitals (simulated acquisition) prepare, check and register data: hashes and statistics only"
  local role
  for role in "${HOSPITALS[@]}"; do join_hospital "$role"; done
}

join_model() { # ROLE IMAGE
  local model
  submit_container "$1" model "$2" "$2"
  model=$(id_of "$1" model "$2")
  act "$1" model associate -m "$model" -b "$BENCHMARK"
  act group association approve -b "$BENCHMARK" -m "$model"
}

join_models() {
  say "3. Two model owners register models, pass the compatibility test and ask to join; the group approves"
  join_model vendor-1 cnn
  join_model vendor-1 broken
  join_model vendor-2 cnn-robust
  join_model vendor-2 lr-hog
  join_model vendor-2 hostile
}

evaluate_at() {
  local role=$1 status=0
  act "$role" benchmark run -b "$BENCHMARK" -d "$(id_of "$role" dataset "$role chest X-rays")" || status=$?
  # 13: some models failed (the broken and the hostile one do); the others have their results.
  [ "$status" = 0 ] || [ "$status" = 13 ]
}

# Two hospitals at a time: they are different places, and the machine has two cores at least.
evaluate() {
  say "4-7. Each hospital fetches, verifies, inspects, approves and runs the models, and approves what leaves"
  local role failed=0 running=()
  for role in "${HOSPITALS[@]}"; do
    evaluate_at "$role" > "$STATE/evaluate-$role.log" 2>&1 &
    running+=("$role:$!")
    [ "${#running[@]}" -lt 2 ] || { finish_hospital "${running[0]}" || failed=1; running=("${running[@]:1}"); }
  done
  while [ "${#running[@]}" -gt 0 ]; do
    finish_hospital "${running[0]}" || failed=1
    running=("${running[@]:1}")
  done
  return "$failed"
}

finish_hospital() { # ROLE:PID
  local status=0
  wait "${1#*:}" || status=$?
  cat "$STATE/evaluate-${1%%:*}.log"
  return "$status"
}
