#!/usr/bin/env bash
# Builds the image archives of this benchmark: every folder below models/, preparation/ and hostile-evaluation/
# that holds a Containerfile, and the standard evaluator as "evaluation". No registry and no network, but for lr-hog's Python (apt, first time only).
# Root; needs: podman, and for lr-hog mmdebstrap.
# Use:  images.sh OUT_DIR BIN_DIR [NAME...]
#   BIN_DIR  a build folder with the programs that the Containerfiles name, somewhere below it
#   writes OUT_DIR/NAME.tar (docker-archive) and OUT_DIR/NAME.image_id; what has not changed stays
# All state (podman's store, temporary files) is in OUT_DIR/.work.
set -euo pipefail
out=${1:?OUT_DIR}
bin=$(cd "${2:?BIN_DIR}" && pwd)
shift 2
wanted=" $* "
benchmark=$(cd "$(dirname "$0")" && pwd)
standard=$(cd "$benchmark/../standard/evaluation" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$out/.work
[ "$(id -u)" = 0 ] || { echo "images.sh: needs root" >&2; exit 2; }

# --- where the sources of a COPY line are --------------------------------------------------------

# Path of a built program, found once.
declare -A programs=()
find_programs() {
  local path
  while IFS= read -r path; do programs[${path##*/}]=$path; done \
    < <(find "$bin" -type f -perm -u+x \( -name 'cxr_*' -o -name medperf_evaluate \) ! -name '*.*' | sort)
}

# Libraries of a program, one a line: "soname path"; the loader has its own path as name.
libraries_of() {
  ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3} $1 ~ /^\// {print $1, $1}' | sort
}

# The first words of all COPY and ADD lines of a Containerfile.
sources_of() { awk '$1 == "COPY" || $1 == "ADD" {for (i = 2; i < NF; i++) print $i}' "$1/Containerfile"; }

programs_of() {
  local source
  for source in $(sources_of "$1"); do
    [ -z "${programs[$source]:-}" ] || echo "${programs[$source]}"
  done
}

path_of() { # FOLDER SOURCE
  if [ -e "$1/$2" ]; then echo "$1/$2"
  elif [ -n "${programs[$2]:-}" ]; then echo "${programs[$2]}"
  elif [ -e "$benchmark/$2" ]; then echo "$benchmark/$2"
  else
    echo "images.sh: $1/Containerfile: '$2' is neither in that folder, nor in the benchmark, nor a" \
      "program below $bin. Build the programs first." >&2
    return 1
  fi
}

# One line that changes when anything does that goes into the image. Libraries of the system count by
# name, size and time of change, so that looking costs nothing.
inputs_of() { # FOLDER
  local source path program
  {
    sha256sum < "$1/Containerfile"
    sha256sum < "$benchmark/images.sh"
    for source in $(sources_of "$1"); do
      case $source in
        lib) for program in $(programs_of "$1"); do
               libraries_of "$program" | awk '{print $2}' | xargs stat -L -c '%n %s %Y'
             done ;;
        lib64) ;;
        python-root.tar) sha256sum < "$benchmark/python_root.sh"; cat /etc/debian_version ;;
        *) path=$(path_of "$1" "$source") || return 1
           find "$path" -type f ! -path '*/__pycache__/*' | sort | xargs sha256sum | sed 's, .*/, ,' ;;
      esac
    done
  } | sha256sum | cut -c 1-64
}

# --- podman, with a store of its own -------------------------------------------------------------

# runc where cgroups are v1 or hybrid (Debian 12's crun refuses them); vfs leaves no mounts behind.
set_up_podman() {
  local runtime=crun
  [ -e /sys/fs/cgroup/cgroup.controllers ] || runtime=runc
  mkdir -p "$work"/{store,run,tmp,libpod}
  printf '[engine]\nruntime = "%s"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nlock_type = "file"\ntmp_dir = "%s"\n' \
    "$runtime" "$work/libpod" > "$work/containers.conf"
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$work/store" "$work/run" > "$work/storage.conf"
  export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf TMPDIR=$work/tmp
}

make_context() { # FOLDER CONTEXT
  local source program name path
  cp "$1/Containerfile" "$2/Containerfile"
  for source in $(sources_of "$1"); do
    case $source in
      lib | lib64)
        mkdir -p "$2/lib" "$2/lib64"
        for program in $(programs_of "$1"); do
          libraries_of "$program" | while read -r name path; do
            case $name in
              /*) cp -L "$path" "$2/lib64/${name##*/}" ;;
              *) cp -L "$path" "$2/lib/$name" ;;
            esac
          done
        done ;;
      python-root.tar) python_root "$2/python-root.tar" ;;
      *) path=$(path_of "$1" "$source")
         mkdir -p "$(dirname "$2/$source")"
         cp -RL "$path" "$2/$source"
         find "$2/$source" -name __pycache__ -prune -exec rm -rf {} + ;;
    esac
  done
  chmod -R a+rX "$2"
}

# Unpacking Debian packages takes longest and rarely changes: kept beside the store.
python_root() { # FILE
  local kept
  kept=$work/python-root.$(cat "$benchmark/python_root.sh" /etc/debian_version | sha256sum | cut -c 1-16).tar
  if [ ! -s "$kept" ]; then
    rm -f "$work"/python-root.*
    "$benchmark/python_root.sh" "$kept"
  fi
  ln "$kept" "$1"
}

build() { # NAME FOLDER
  local context=$work/context-$1 tag=localhost/chest-xray-$1:1 config
  set_up_podman
  rm -rf "$context" "$out/$1.tar" "$out/$1.image_id" "$out/$1.inputs"
  mkdir -p "$context"
  make_context "$2" "$context"
  # --timestamp 0 and the OCI format (docker's holds a random host name): the same inputs give the same
  # archive, and its image id is the digest of the configuration in it.
  podman build --quiet --format oci --timestamp 0 --network none -t "$tag" "$context" > /dev/null
  podman save --quiet --format docker-archive -o "$out/$1.part.tar" "$tag"
  podman rmi --force "$tag" > /dev/null
  config=$(tar -xOf "$out/$1.part.tar" manifest.json | grep -o '"Config":"[0-9a-f]*' | cut -d '"' -f 4)
  [ ${#config} = 64 ] || { echo "images.sh: $1: no configuration in the archive" >&2; return 1; }
  mv "$out/$1.part.tar" "$out/$1.tar"
  echo "sha256:$config" > "$out/$1.image_id"
  rm -rf "$context"
}

# --- all of them ---------------------------------------------------------------------------------

find_programs
built=0
while IFS= read -r file; do
  folder=$(dirname "$file")
  name=${folder#"$benchmark"/}
  name=${name#models/}
  name=${name//\//-}
  [ "$folder" != "$standard" ] || name=evaluation
  [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || continue
  inputs=$(inputs_of "$folder")
  if [ -s "$out/$name.tar" ] && [ "$(cat "$out/$name.inputs" 2> /dev/null)" = "$inputs" ]; then continue; fi
  build "$name" "$folder"
  echo "$inputs" > "$out/$name.inputs"
  built=$((built + 1))
  echo "$name: $(stat -c %s "$out/$name.tar") bytes, $(cat "$out/$name.image_id")"
done < <(find "$benchmark/models" "$benchmark/preparation" "$benchmark/hostile-evaluation" "$standard" -name Containerfile 2> /dev/null | sort)
# The store served its purpose: the archives are what is kept.
[ $built = 0 ] || rm -rf "$work/store" "$work/run" "$work/libpod" "$work/tmp"
