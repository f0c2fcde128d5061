#!/usr/bin/env bash
# fuzz.sh SECONDS [--jobs N] [--preset P] [--seed N] [TARGET...]: runs fuzz targets (default: every one of the source)
# from their seeds on, each for so many seconds, N at the same time (1). What they find on the way is kept in
# build/corpus, so that the next run goes on from there. The preset fuzz (default) is compiled to run fast; asan shares
# its rooms with the tests. With --seed each run of the same program tries the same inputs, so that a change is judged
# by what it changed.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
seconds=${1:?seconds for each target}
shift
jobs=1
if [ "${1:-}" = --jobs ]; then jobs=${2:?how many at the same time}; shift 2; fi
preset=fuzz
if [ "${1:-}" = --preset ]; then preset=${2:?fuzz or asan}; shift 2; fi
seed=0   # another one each time
if [ "${1:-}" = --seed ]; then seed=${2:?a number}; shift 2; fi
wanted=" $* "
cmake --preset "$preset" > /dev/null && cmake --build "build/$preset" --parallel "$(nproc)" ${1:+--target "$@"} || exit 1

fuzz() { # TARGET SEEDS
  local found=build/corpus/$1
  mkdir -p "$found"
  if [ -d "$2" ] && "build/$preset/src/$1" -max_total_time="$seconds" -seed="$seed" -rss_limit_mb=2048 -timeout=60 \
      -artifact_prefix="build/corpus/$1-" "$found" "$2" > "$found.log" 2>&1; then
    echo "== $1"$'\n'"$(tail -n 2 "$found.log")"
    return 0
  fi
  # The cause and, if it is short, the input stand in one line, which whoever reads only a part of the log sees.
  echo "== $1 FAILED: $(grep -hE '^(==[0-9]+==|SUMMARY|Base64)' "$found.log" | tail -n 3 | tr '\n' ' ')"
  if [ -d "$2" ]; then tail -n 60 "$found.log"; else echo "it has no seeds: $2"; fi
  return 1
}

status=0 running=0
for source in src/*/fuzz/fuzz_*.cpp; do
  target=$(basename "$source" .cpp)
  [ "$wanted" = "  " ] || [[ "$wanted" == *" $target "* ]] || continue
  if [ "$running" -ge "$jobs" ]; then wait -n || status=1; running=$((running - 1)); fi
  fuzz "$target" "$(dirname "$source")/corpus/$target" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do wait -n || status=1; running=$((running - 1)); done
exit "$status"
