#!/usr/bin/env bash
# Makes a small Debian file system with Python and NumPy as a tar, for Python model images: no
# registry, no maintainer scripts, no documentation and tests. Root; needs: mmdebstrap.
# Use:  python_root.sh OUT.tar        PYTHON_PACKAGES adds Debian packages
set -euo pipefail
out=${1:?OUT.tar}
. /etc/os-release
sources=()
for f in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  if [ -s "$f" ] && grep -Eq '^[^#]' "$f"; then sources=("$f"); break; fi
done
# --variant=extract unpacks without running maintainer scripts (and runs extract hooks only). Modules
# are compiled here (no device nodes go in: an inspection would refuse them), since a container cannot write beside them and would compile NumPy at each start.
SOURCE_DATE_EPOCH=0 mmdebstrap --quiet --variant=extract --skip=output/dev --format=tar --dpkgopt=force-unsafe-io \
  --include="python3-minimal,libpython3-stdlib,python3-numpy,base-files,dash${PYTHON_PACKAGES:+,$PYTHON_PACKAGES}" \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --extract-hook='rm -rf "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/locale "$1"/var/lib/apt "$1"/var/lib/dpkg "$1"/var/cache/* "$1"/var/log/*' \
  --extract-hook='rm -rf "$1"/usr/lib/*/gconv "$1"/usr/lib/python3/dist-packages/numpy/*/tests "$1"/usr/lib/python3/dist-packages/*/tests "$1"/usr/lib/python3/dist-packages/pkg_resources "$1"/usr/lib/python3.*/test "$1"/usr/lib/python3.*/pydoc_data "$1"/usr/lib/python3.*/lib2to3 "$1"/usr/lib/python3/dist-packages/numpy/f2py "$1"/usr/lib/python3/dist-packages/numpy/distutils' \
  --extract-hook='cd "$1"/usr/lib && PYTHONHASHSEED=0 chroot "$1" /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash /usr/lib/"$(echo python3.[0-9]*)" /usr/lib/python3/dist-packages/numpy' \
  --extract-hook='mkdir -p "$1"/tmp; echo "root:x:0:0::/:/bin/sh" > "$1"/etc/passwd' \
  "$VERSION_CODENAME" "$out.part.tar" "${sources[@]}"
mv "$out.part.tar" "$out"
