# What the demo ends with: the table, independent checks, and where everything lies.

# Lines in the hub's log and containers started by all sites: equal before and after means that nothing happened.
activity() {
  local role runs=0 log
  for role in "${ROLES[@]}"; do
    log=$(home_of "$role")/.medperf/log/audit.log
    [ ! -e "$log" ] || runs=$((runs + $(grep -c '"kind":"run"' "$log" || true)))
  done
  echo "$(run_as hub medperf-hub check --config hub.yaml --json | jq -r .log.lines) $runs"
}

show_results() {
  say "8. The hub checks, stores, aggregates and shows each person what the release policy allows"
  act group benchmark results -b "$BENCHMARK"
  medperf_as group benchmark results -b "$BENCHMARK" --json > "$STATE/results.json"
  say "Beside it: the two CNNs on the untouched official test split (a separate check, never a hospital, never pooled)"
  [ -s "$STATE/official.txt" ] ||
    { python3 benchmarks/chest-xray/models/check.py show --programs build/release > "$STATE/official.part" &&
      mv "$STATE/official.part" "$STATE/official.txt"; }
  cat "$STATE/official.txt"
  say "What federated evaluation tells that the official test does not"
  note "$(contrast)"
}

# The winner of the official test beside the model that leads where that winner is weakest, in one sentence.
contrast() {
  local official
  official=$(sed -nE 's/^ *([a-z-]+): AUC ([0-9.]+) .*/{"name": "\1", "auc": \2}/p' "$STATE/official.txt" | jq -s 'sort_by(-.auc)')
  jq -r --argjson official "$official" '
    def round3: . * 1000 | round / 1000;
    def at($name): .models[] | select(.name == $name) | .sites;
    $official[0].name as $winner
    | (at($winner) | min_by(.figures.auc.value)) as $hard
    | ([.models[] | .name as $name | .sites[] | select(.dataset == $hard.dataset) | {name: $name, auc: .figures.auc.value}]
       | max_by(.auc)) as $leader
    | "\($winner) wins the official test (AUC \($official[0].auc) against \($official[1].auc) of \($official[1].name)). "
      + "At \($hard.site), where it does worst, its AUC is \($hard.figures.auc.value | round3) "
      + "[\($hard.figures.auc.low | round3), \($hard.figures.auc.high | round3)] at a specificity of \($hard.figures.specificity.value | round3); "
      + if $leader.name == $winner then "it leads there too."
        else "\($leader.name) leads there by \($leader.auc - $hard.figures.auc.value | round3)." end' "$STATE/results.json"
}

# What the hostile model tried at a hospital, from the log of its container.
show_hostile_model() {
  local role=hospital-a
  say "What the model 'hostile' tried at $role, and what came of it"
  run_as "$role" sh -c "cat .medperf/runs/$BENCHMARK-$(id_of "$role" model hostile)-*/logs/infer.log" | sed 's/^/    /'
  note "the planted link was not followed: the run was refused, and no result of this model exists"
}

# The figures again, by a script that shares no code with the platform, from the hospitals' private predictions.
recompute() {
  local role dataset arguments=()
  for role in "${HOSPITALS[@]}"; do
    dataset=$(id_of "$role" dataset "$role chest X-rays")
    arguments+=("$dataset=$(home_of "$role")/.medperf")
  done
  python3 scripts/recompute.py "$BENCHMARK" "$STATE/results.json" "${arguments[@]}"
}

verify_logs() {
  local role
  for role in "${ROLES[@]}"; do medperf_as "$role" audit verify > /dev/null; done
  run_as hub medperf-hub check --config hub.yaml > /dev/null
  note "the hash chains of the hub's log and of nine sites' logs hold"
  local copy; copy=$(home_of hospital-a)/changed.log
  run_as hospital-a cp .medperf/log/audit.log "$copy"
  printf 'X' | dd of="$copy" bs=1 seek=700 conv=notrunc status=none
  note "after one byte of a copy was changed, verify says:"
  if medperf_as hospital-a audit verify --log "$copy" 2>&1 | sed 's/^/    /'; then
    echo "demo: the changed byte was not found" >&2
    return 1
  fi
  rm -f "$copy"
}

check_everything() {
  say "The figures are recomputed from the hospitals' private predictions by scripts/recompute.py"
  recompute | sed 's/^/    /'
  say "Every log is verified"
  verify_logs
}

show_end() { # STARTED BEFORE
  local i after seconds; after=$(activity)
  say "Time by phase"
  for i in "${!PHASE_NAMES[@]}"; do
    printf '  %-12s %6d.%03d s\n' "${PHASE_NAMES[$i]}" $((PHASE_MS[i] / 1000)) $((PHASE_MS[i] % 1000))
  done
  seconds=$((($(now_ms) - $1) / 100))
  # How long it took when everything but installing and building had to be done: the kill tests spread their moments
  # over it.
  [ "$2" = "$after" ] || [ -e "$STATE/demo-seconds" ] ||
    echo "$(((seconds * 100 - PHASE_MS[0] - PHASE_MS[1]) / 1000))" > "$STATE/demo-seconds"
  printf '  %-12s %6d.%d s\n' total $((seconds / 10)) $((seconds % 10))
  if [ "$2" = "$after" ]; then
    say "Nothing was outstanding: no row changed on the hub and no container was started."
  fi
  say "The whole result as JSON: $STATE/results.json"
  if [ "$keep" = 1 ]; then
    note "The hub is left running at $HUB_URL (authority: $STATE/ca/ca.pem)."
    note "Accounts: ${ROLES[*]}; the password of each is in $STATE/accounts/<account>/password."
  else
    note "To open the hub: ./dev demo --keep leaves it running at $HUB_URL and prints the accounts."
  fi
}
