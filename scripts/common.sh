# Shared by ./dev and the scripts it calls; sourced from the top folder.

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo -- "$@"
  else
    echo "This step needs root: run it as root, or install sudo." >&2
    return 1
  fi
}

# quietly COMMAND...: says nothing when it succeeds; all that it said, and that it failed, when not.
quietly() {
  local said status=0
  said=$("$@" 2>&1) || status=$?
  [ "$status" = 0 ] || printf '%s\n%s failed (exit code %s)\n' "$said" "$*" "$status" >&2
  return "$status"
}

# Builds the programs (or the targets given) into build/release, without tests.
build_release() {
  [ -f build/release/build.ninja ] || cmake --preset release > build-configure.log 2>&1 || {
    cat build-configure.log >&2
    rm -f build-configure.log
    return 1
  }
  rm -f build-configure.log
  cmake --build build/release --parallel "$(nproc)" ${1:+--target "$@"}
}

# Every C++ file of ours.
cpp_files() { find src benchmarks bench tests -name '*.cpp' -o -name '*.h' | grep -v '/build/' | sort; }

# clang-format over all sources: -i to change them, --dry-run -Werror to check them.
format_sources() { cpp_files | xargs -r -n 40 -P "$(nproc)" clang-format "$@"; }

# Seconds since the epoch with three decimals, in milliseconds as an integer.
now_ms() { date +%s%3N; }
