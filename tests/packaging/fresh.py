"""A fresh, minimal Debian for a test: a root file system made by mmdebstrap, kept as a tar so that it is made once, and
entered in namespaces of its own. Needs root and the package mirror of this machine."""
import pathlib, shutil, subprocess

ENTER = r"""set -e
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=755 tmpfs "$0/dev"
for d in null zero full random urandom tty; do touch "$0/dev/$d"; mount --bind "/dev/$d" "$0/dev/$d"; done
ln -s /proc/self/fd "$0/dev/fd"
mkdir "$0/dev/shm"; mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
  chroot "$0" "$@"
"""


def make_base(tar):
    """Makes the root file system, when the tar is not there."""
    tar = pathlib.Path(tar)
    if tar.exists():
        return tar
    sources = [s for s in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
               if pathlib.Path(s).exists() and pathlib.Path(s).stat().st_size][:1]
    partial = tar.with_suffix(".part.tar")
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io",
                    '--aptopt=Acquire::Languages "none"',
                    '--customize-hook=rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap', "bookworm", partial, *sources],
                   check=True)
    return partial.rename(tar)


def unpack(tar, root):
    root.mkdir()
    subprocess.run(["tar", "-C", root, "-xf", tar], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    return root


def enter(root, *words, seconds=900):
    """Runs a command inside; its output and status."""
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--propagation",
                           "private", "bash", "-c", ENTER, str(root), *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds)
    return done.returncode, done.stdout
