# What the platform refuses, shown on the way: an altered data set, and a result with a key nobody declared.

show_refusals() {
  show_altered_dataset
  show_undeclared_key
}

# A data set altered after its registration is refused before anything runs.
show_altered_dataset() {
  local role=hospital-e file backup dataset
  dataset=$(id_of "$role" dataset "$role chest X-rays")
  file=$(home_of "$role")/.medperf/datasets/$dataset/data/images.npy
  backup=$STATE/altered-dataset.backup
  [ ! -e "$STATE/altered-dataset.done" ] || return 0
  say "hospital-e's prepared data is altered by one byte: nothing runs"
  [ -e "$backup" ] || { cp -p "$file" "$backup.part"; mv "$backup.part" "$backup"; }
  printf '\x2a' | dd of="$file" bs=1 seek=4000 conv=notrunc status=none
  local status=0
  act "$role" benchmark run -b "$BENCHMARK" -d "$dataset" || status=$?
  cp -p "$backup" "$file"
  [ "$status" != 0 ] || { echo "demo: the altered dataset was not refused" >&2; return 1; }
  note "refused with exit code $status; the file is restored"
  touch "$STATE/altered-dataset.done"
  rm -f "$backup"
}

# A second benchmark whose evaluator behaves on the demo data, but at a hospital adds the first labels under a key
# that the result schema does not declare. The site refuses the result: nothing leaves.
show_undeclared_key() {
  local role=hospital-a spec=$TOP/benchmarks/chest-xray folder dataset leaky status=0
  local name=chest-xray-undeclared-key
  [ ! -e "$STATE/undeclared-key.done" ] || return 0
  say "A benchmark whose evaluator adds an undeclared key is run at hospital-a: the result is refused"
  submit_container group container hostile-evaluation "chest-xray evaluation, undeclared key" \
    --parameters "$(input group "$spec/evaluation/parameters.yaml" evaluation-parameters.yaml)"
  sed "s/^name: .*/name: $name/" "$(home_of group)/inputs/benchmark.yaml" > "$STATE/undeclared-key.yaml"
  act group benchmark submit --spec "$(input group "$STATE/undeclared-key.yaml")" \
    --data-preparation-mlcube "$(id_of group container 'chest-xray preparation')" \
    --reference-model "$(id_of group model 'lr-pixel')" \
    --evaluator-mlcube "$(id_of group container 'chest-xray evaluation, undeclared key')" \
    --demo-archive "$(home_of group)/inputs/demo-data.tar.gz" \
    --demo-url "$(publish group "$IMAGES/demo-data.tar.gz")" --operational
  leaky=$(id_of group benchmark "$name")
  act admin benchmark approve -b "$leaky"
  dataset=$(id_of "$role" dataset "$role chest X-rays")
  # Joining runs the reference model on the hospital's data first.
  act "$role" dataset associate -d "$dataset" -b "$leaky" || status=$?
  [ "$status" != 0 ] || { echo "demo: the result with an undeclared key was not refused" >&2; return 1; }
  note "refused with exit code $status; nothing was sent"
  touch "$STATE/undeclared-key.done"
}
