#!/usr/bin/env python3
"""Encrypted archives run from memory: afterwards the raw bytes of the only disk that could be written hold nothing of the image.

Everything runs in a mount namespace where the whole machine is read-only, but for an ext4 image mounted over the workspace, /tmp
and /var/tmp, and memory. A marker lies in the image; a plain archive leaves it on that disk (so the scan finds it), an encrypted
one must not, on podman and the built-in runner, as root and as an ordinary user, also when the client is killed at any time.
BUILD (default build/release) holds medperf and medperf-probe. Needs root, gpg, and podman or bubblewrap. Leaves nothing behind."""
import json, os, pathlib, pwd, random, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import author

sys.path.insert(0, str(author.TOP / "tests/support"))
from patience import wait_for

TOP = author.TOP
DELEGATE, BASE = TOP / "scripts/cgroup-delegate.sh", "medperf-encrypted"
MARKER = os.urandom(32).hex().encode()
TOKEN = "of-" + os.urandom(8).hex()  # tells this run's containers from whatever else sleeps here
SLEEP = f"[sleep, '600', {TOKEN}]"  # far longer than anything here waits for its end
KILLS = 20 if "--full" in sys.argv else 3
check = author.check

COVERED = ("/tmp", "/var/tmp", "/run")

CONFIG = author.CONFIG.replace("DockerArchive", "%s", 1)


def inside_own_mounts():
    """Starts this script again where only memory and the image of a disk can be written."""
    memory = tempfile.mkdtemp(prefix="medperf-encrypted-", dir="/dev/shm")
    os.chmod(memory, 0o755)
    user = f"medperf-enc-{os.getpid()}"
    subprocess.run(["useradd", "--create-home", "--base-dir", memory, user], check=True)
    try:
        subprocess.run([DELEGATE, "add", user, BASE], check=True, stdout=subprocess.DEVNULL)
        return subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, __file__, "--inside", memory, user,
                               *[a for a in sys.argv[1:] if a == "--full"]]).returncode
    finally:
        subprocess.run([DELEGATE, "remove", user, BASE], stderr=subprocess.DEVNULL)
        subprocess.run(["pkill", "-KILL", "-u", user], stderr=subprocess.DEVNULL)
        subprocess.run(["userdel", user], stderr=subprocess.DEVNULL)
        shutil.rmtree(memory, ignore_errors=True)


class Disk:
    """An ext4 file system in a file (itself in memory), mounted where programs usually write."""
    def __init__(self, memory):
        self.image, self.place = memory / "disk.ext4", memory / "disk"
        self.place.mkdir(exist_ok=True)

    def __enter__(self):
        with open(self.image, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,nodiscard", self.image], check=True)
        subprocess.run(["mount", "-o", "loop,nodiscard", self.image, self.place], check=True)
        self.place.chmod(0o755)
        for place in COVERED:
            folder = self.place / place.replace("/", "-")
            folder.mkdir()
            folder.chmod(0o1777)
            subprocess.run(["mount", "--bind", folder, place], check=True)
        return self

    def __exit__(self, *_):
        if not subprocess.run(["losetup", "-j", self.image], stdout=subprocess.PIPE).stdout:
            return
        for place in COVERED:
            subprocess.run(["umount", "-l", place], stderr=subprocess.DEVNULL)
        mounts = [line.split()[4] for line in open("/proc/self/mountinfo") if f" {self.place}/" in line]
        for mount in sorted(mounts, reverse=True):
            subprocess.run(["umount", "-l", mount])
        for _ in range(600):
            subprocess.run(["umount", self.place], stderr=subprocess.DEVNULL)
            if not subprocess.run(["losetup", "-j", self.image], stdout=subprocess.PIPE).stdout:
                return  # nobody has it in any mount namespace
            time.sleep(0.1)
        users = [(p, w) for p, w in processes("") if any(str(self.place) in line for line in mounts_of(p))]
        raise RuntimeError(f"the disk is still in use: {users}")

    def count(self, marker):
        """How often the marker stands in the raw bytes, unmounted, so deleted files and the journal are in it."""
        self.__exit__()
        found, kept = 0, b""
        with open(self.image, "rb") as file:
            while piece := file.read(16 << 20):
                found += (kept + piece).count(marker)
                kept = piece[-(len(marker) - 1):]
        return found


class Site:
    def __init__(self, disk, memory, kind, user):
        self.kind, self.user, self.memory = kind, user, memory
        self.work = disk.place / f"{kind}-{user or 'root'}"
        for folder in (self.work, self.work / "data"):
            folder.mkdir()
            folder.chmod(0o755)
        self.group = ""
        if user:
            self.group = subprocess.run([memory / DELEGATE.name, "add", user, BASE], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            os.chown(self.work, *pwd.getpwnam(user)[2:4])
        self.medperf("policy", "init")
        policy = self.work / "workspace/policy.yaml"  # no more than the machine may have to spare just now
        policy.write_text(policy.read_text().replace("memory_mib: 2048", "memory_mib: 256"))
        for name in ("sealed.tar.gpg", "key", "wrong-key"):
            shutil.copy(memory / name, self.work / name)
            (self.work / name).chmod(0o600)
            if user:
                os.chown(self.work / name, *pwd.getpwnam(user)[2:4])

    def command(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.work), "MEDPERF_HOME": str(self.work / "workspace"),
                       "MEDPERF_ENGINE": self.kind, "MEDPERF_ENGINE_CGROUP": self.group}
        start = [self.memory / DELEGATE.name, "exec", self.user, BASE, "--"] if self.user else []
        return dict(args=[*start, "env", "-i", *[f"{k}={v}" for k, v in environment.items()], self.memory / "medperf", *arguments, "--json",
                          "--no-input"], cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def limit_time(self, before, seconds):
        policy = self.work / "workspace/policy.yaml"
        policy.write_text(policy.read_text().replace(f"wall_seconds: {before}", f"wall_seconds: {seconds}"))

    def medperf(self, *arguments):
        return subprocess.run(**self.command(*arguments), timeout=900)

    def words(self, verb, archive, command, kind="EncryptedDockerArchive", key="key"):
        config = self.work / "config.yaml"
        config.write_text(CONFIG % (kind, command))
        words = ["container", verb, "--config", config, "--archive", archive, "--key", self.work / key]
        return words if verb == "check" else [*words, "--task", "infer", "--mount", f"data_path={self.work / 'data'}",
                                              f"output_path={self.work / 'out'}", "--log", self.work / "log"]

    def run(self, *arguments, **options):
        return self.medperf(*self.words("run", *arguments, **options))


def processes(text):
    out = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in words:
            out.append((int(folder.name), words))
    return out


def mounts_of(process):
    try:
        return pathlib.Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    except OSError:  # gone
        return []


def memory_mounts():
    return {line for folder in pathlib.Path("/proc").glob("[0-9]*") for line in mounts_of(folder.name) if "medperf-memory-" in line}


def remains():
    """What a run has left: folders, mounts in any process, processes. Places of others lie in the machine's own /dev/shm,
    which the process that started this one still sees."""
    left = [*map(str, pathlib.Path("/dev/shm").glob("medperf-memory-*")), *memory_mounts(), *processes("medperf-memory-"), *processes(TOKEN)]
    others = [path.name for path in pathlib.Path(f"/proc/{os.getppid()}/root/dev/shm").glob("medperf-memory-*")]
    return [what for what in left if not any(name in str(what) for name in others)]


def nothing_remains(within=120):
    return bool(wait_for(lambda: not remains(), within, 0.2))


def kill(found):
    for pid, _ in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended meanwhile


def well_behaved(site, name):
    sealed = site.work / "sealed.tar.gpg"
    checked = site.medperf(*site.words("check", sealed, "[report]"))
    check(f"{name}: the report says that it is encrypted", checked.returncode == 0 and "never lies on a disk" in checked.stdout, checked.stdout)
    site.limit_time(3600, 8)
    slow = site.run(sealed, SLEEP)
    site.limit_time(8, 3600)  # the walls are proved under the limits of the runs that follow
    check(f"{name}: the time limit holds", slow.returncode != 0 and "longer" in slow.stdout, slow.stdout)
    ran = site.run(sealed, "[report]")
    check(f"{name}: an encrypted archive runs", ran.returncode == 0, ran.stdout)
    log = (site.work / "log").read_text() if (site.work / "log").exists() else ""
    report = json.loads(log.strip().splitlines()[-1]) if "{" in log else {}
    check(f"{name}: behind the walls", report.get("root") == "EROFS" and report.get("connect") == "ENETUNREACH" and report.get("uid", 0) != 0, log)
    code = site.run(sealed, "[exit, '3']")
    check(f"{name}: a failure tells its exit code", code.returncode != 0 and "exit code 3" in code.stdout, code.stdout)
    check(f"{name}: nothing remains of these", nothing_remains(), remains())


def refused(site, name):
    sealed = site.work / "sealed.tar.gpg"
    for key, words in (("wrong-key", "not the one of this container"), ("no-key", "no-key")):
        ran = site.run(sealed, "[report]", key=key)
        check(f"{name}: {key}", ran.returncode != 0 and words in ran.stdout, ran.stdout)
    (site.work / "key").chmod(0o644)
    ran = site.run(sealed, "[report]")
    check(f"{name}: a key that others may read", ran.returncode != 0 and "chmod 600" in ran.stdout, ran.stdout)
    (site.work / "key").chmod(0o600)
    damaged = bytearray(sealed.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (site.work / "damaged").write_bytes(damaged)
    ran = site.run(site.work / "damaged", "[report]")
    check(f"{name}: a damaged file", ran.returncode != 0 and "damaged" in ran.stdout, ran.stdout)
    check(f"{name}: nothing remains of what was refused", nothing_remains(), remains())


def swapping(site, name):
    """A machine that says it has swap: who cannot be kept out of it is warned, once. (No container starts: the kernel wants a whole /proc.)"""
    told = site.memory / "meminfo"
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines(True)
    told.write_text("".join("SwapTotal:       1048576 kB\n" if line.startswith("SwapTotal:") else line for line in lines))
    subprocess.run(["mount", "--bind", told, "/proc/meminfo"], check=True)
    try:
        ran = site.run(site.work / "sealed.tar.gpg", "[report]")
    finally:
        subprocess.run(["umount", "/proc/meminfo"], check=True)
    release = [int(part) for part in os.uname().release.split(".")[:2]]
    wanted = 1 if site.user or release < [6, 4] else 0
    check(f"{name}: of swap it warns who cannot be kept out of it", ran.stdout.count("has swap") == wanted, ran.stdout)


def narrow_group(site, name):
    """The client is in a control group that the image does not fit in, on a machine where it would."""
    base = pathlib.Path("/sys/fs/cgroup")
    unified = (base / "cgroup.controllers").exists()
    group = (base if unified else base / "memory") / f"medperf-narrow-{os.getpid()}"
    group.mkdir()
    try:
        (group / ("memory.max" if unified else "memory.limit_in_bytes")).write_text(str(48 << 20))
        command = site.command(*site.words("run", site.work / "sealed.tar.gpg", "[report]"))
        command["args"] = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh", *command["args"]]
        ran = subprocess.run(**command, timeout=600)
    finally:
        wait_for(lambda: not (group / "cgroup.procs").read_text(), 60)  # a guard may still clean up
        group.rmdir()
    check(f"{name}: a client's own control group counts", ran.returncode != 0 and group.name in ran.stdout and "left of its" in ran.stdout,
          ran.stdout)


def killed(site, name):
    sealed, chance = site.work / "sealed.tar.gpg", random.Random(5)
    for i in range(KILLS):
        client = subprocess.Popen(**site.command(*site.words("run", sealed, SLEEP)), start_new_session=True)
        if i == 0:  # surely while the container runs
            runs = wait_for(lambda: processes(f"sleep 600 {TOKEN}"))
            check(f"{name}: it runs in memory", runs and any("medperf-memory-" in str(what) for what in remains()), "no memory place was seen")
            time.sleep(0.3)
        else:
            time.sleep(0.1 + chance.random() * 1.9)
        kill((pid, words) for pid, words in processes(f"{site.work}/log") if "cgroup-delegate" not in words)
        client.wait()
        check(f"{name}: nothing remains of a killed client, no container runs on ({i})", nothing_remains(), remains())


def guard_killed(site, name):
    """The client and its guards die at once: the next command ends what runs on and removes what is left."""
    client = subprocess.Popen(**site.command(*site.words("run", site.work / "sealed.tar.gpg", SLEEP)), start_new_session=True)
    runs = wait_for(lambda: processes(f"sleep 600 {TOKEN}"))
    guards = processes(f"{site.memory}/medperf-probe guard")
    kill(guards + processes(f"{site.work}/log"))
    client.wait()
    check(f"{name}: client and guards were killed while it ran", runs and guards, (runs, guards))
    time.sleep(4)  # a folder younger than 2 s might be in the making
    ran = site.run(site.work / "sealed.tar.gpg", "[report]")
    check(f"{name}: runs after client and guards were killed", ran.returncode == 0, ran.stdout)
    check(f"{name}: the next command ends and removes what those left", nothing_remains(), remains())


def on_engine(memory, kind, user):
    name = f"{kind}, {user and 'ordinary user' or 'root'}"
    with Disk(memory) as disk:
        site = Site(disk, memory, kind, user)
        well_behaved(site, name)
        refused(site, name)
        swapping(site, name)
        if not user and kind == "builtin":
            narrow_group(site, name)
        killed(site, name)
        guard_killed(site, name)
        found = disk.count(MARKER)
    check(f"{name}: the disk holds nothing of the image", found == 0, f"found {found} times")
    with Disk(memory) as disk:
        site = Site(disk, memory, kind, user)
        shutil.copy(memory / "plain.tar", site.work / "plain.tar")
        (site.work / "plain.tar").chmod(0o644)
        ran = site.run(site.work / "plain.tar", "[report]", kind="DockerArchive")
        check(f"{name}: a plain archive runs", ran.returncode == 0, ran.stdout)
        os.unlink(site.work / "plain.tar")
        found = disk.count(MARKER)
    check(f"{name}: the scan finds a plain image", found > 0, "the scan finds nothing at all")


def own_memory(memory):
    """A /dev/shm of this test's own, in which its folder has its place as before."""
    shm = memory / "shm"
    shm.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "medperf-encrypted", shm], check=True)
    (shm / memory.name).mkdir(mode=0o755)
    subprocess.run(["mount", "--bind", memory, shm / memory.name], check=True)
    subprocess.run(["mount", "--rbind", shm, "/dev/shm"], check=True)


def inside(memory, user):
    own_memory(memory)
    for file in (author.PROGRAMS / "medperf", author.PROGRAMS / "medperf-probe", DELEGATE):
        shutil.copy(file, memory / file.name)  # /tmp and /var/tmp are covered, and may hold the build
    marked = MARKER + b"\n" + os.urandom(1 << 20)
    author.make_archive(memory / "plain.tar", (memory / "medperf-probe").read_bytes(), [("app/weights", marked, 0o600), ("home/x/y", b"z", 0o600)])
    (memory / "wrong-key").write_text("wrong\n")
    (memory / "wrong-key").chmod(0o600)
    sealed = subprocess.run([memory / "medperf", "container", "encrypt", "--archive", memory / "plain.tar", "--out", memory / "sealed.tar.gpg",
                             "--key", memory / "key", "--json"], env={"PATH": os.environ["PATH"], "HOME": str(memory),
                             "MEDPERF_HOME": str(memory / "encrypting")}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check("an author encrypts an archive with a new key", sealed.returncode == 0, sealed.stdout)
    mode = (memory / "key").stat().st_mode & 0o777
    check("the new key is for its owner alone", mode == 0o600, oct(mode))
    # Any gpg can read it, as the existing client does.
    home = memory / "gnupg"
    home.mkdir(mode=0o700)
    plain = subprocess.run(["gpg", "--homedir", home, "--batch", "--no-symkey-cache", "--pinentry-mode", "loopback", "--passphrase-file",
                            memory / "key", "--decrypt", memory / "sealed.tar.gpg"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"])
    check("gpg decrypts what an author encrypted", plain.stdout == (memory / "plain.tar").read_bytes(), plain.returncode)
    # From here on nothing else can be written: not the disks, not the homes.
    for line in sorted({line.split()[4] for line in open("/proc/self/mountinfo") if " - ext4 " in line or " - xfs " in line or " - btrfs " in line}):
        subprocess.run(["mount", "-o", "remount,bind,ro", line], check=True)
    for kind, program in (("builtin", "bwrap"), ("podman", "podman")):
        for who in ("", user):
            if shutil.which(program) and os.environ.get("ONLY", kind + who).startswith(kind):
                on_engine(memory, kind, who)


def main():
    if "--inside" in sys.argv:
        at = sys.argv.index("--inside")
        inside(pathlib.Path(sys.argv[at + 1]), sys.argv[at + 2])
        print(f"{author.passed} passed, {author.failed} failed")
        return author.failed != 0
    if os.geteuid() != 0 or shutil.which("gpg") is None:
        print("skipped: needs root and gpg\n0 passed, 0 failed")
        return 0
    return inside_own_mounts()


if __name__ == "__main__":
    sys.exit(main())
