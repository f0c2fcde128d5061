#!/usr/bin/env python3
"""The escape and limits suite: hostile code tries every wall, on each engine and with none.

    escape.py [--full] [--only NAME,...] [--start NAME=COMMAND] [--write-docs] [--keep]

It runs as root, makes the users and engines that it needs, and leaves nothing behind. A cell is 'held' only where a
probe tried and failed. With --write-docs the matrix docs/walls.md is written; without, the suite fails when a cell
that the page calls held does not hold any more. The configurations under Slurm run as tasks of a throw-away cluster
on this machine; two of the four need --full or --only. --start wraps another configuration's client in a command. BUILD (default build/release) holds the programs. The last line is "N passed, M failed".
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/support"))
import ports  # noqa: E402
from patience import wait_for  # noqa: E402

PAGE = TOP / "docs" / "walls.md"
BUILD = TOP / os.environ.get("BUILD", "build/release")
PROBE = pathlib.Path(os.environ.get("PROBE", BUILD / "src/apps/medperf-probe"))
PROGRAM = BUILD / "tests/engine/engine_escape"
GROUP = "medperf-escape"
CLUSTER = TOP / "tests/slurm/cluster.sh"
SLURM_PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
SECONDS = 1200  # for one configuration, which takes 5 to 30 on a machine of its own

# Where a wall is no wall of the default level and this configuration is known not to hold it.
NO_PROCESSOR = "no group for processor time is delegated to an ordinary user; it is no wall of the default level"
KNOWN = {("processor-time", name): NO_PROCESSOR
         for name in ("podman-user", "podman-bare", "builtin-user", "slurm-podman-user", "slurm-builtin-user")}


@dataclasses.dataclass
class Configuration:
    name: str  # of the column
    kind: str  # of the engine, or none
    user: bool = False  # as an ordinary user
    delegated: bool = False  # with a control group of its own
    about: str = ""
    slurm: bool = False  # as a task of a cluster
    full: bool = False  # only with --full, --only and --write-docs


CONFIGURATIONS = [
    Configuration("podman-root", "podman", about="podman as root"),
    Configuration("podman-user", "podman", True, True, "podman as an ordinary user, with a delegated control group"),
    Configuration("podman-bare", "podman", True, False, "podman as an ordinary user, without one: every run is refused"),
    Configuration("docker", "docker", about="docker, its daemon and the client as root"),
    Configuration("builtin-root", "builtin", about="the built-in runner as root"),
    Configuration("builtin-user", "builtin", True, True, "the built-in runner as an ordinary user"),
    Configuration("slurm-podman", "podman", about="a task of Slurm starts podman as root", slurm=True),
    Configuration("slurm-podman-user", "podman", True, True,
                  "a task of Slurm starts podman as an ordinary user, with a delegated control group", True, True),
    Configuration("slurm-builtin", "builtin", about="a task of Slurm starts the built-in runner as root", slurm=True,
                  full=True),
    Configuration("slurm-builtin-user", "builtin", True, True,
                  "a task of Slurm starts the built-in runner as an ordinary user", True),
]
CONTROLS = [
    Configuration("none-root", "none", about="no walls, as root"),
    Configuration("none-user", "none", True, False, "no walls, as an ordinary user"),
]


class Machine:
    """The user, the engines and the folder of a run of the suite."""

    def __init__(self, keep):
        self.keep = keep
        self.user = f"medperf-escape-{os.getpid()}"
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="medperf-escape-", dir="/tmp"))
        self.work.chmod(0o755)
        self.docker = False
        self.slurm = None  # the path of its configuration

    def __enter__(self):
        subprocess.run(["useradd", "--create-home", self.user], check=True)
        self.group = self.delegate("add").strip()
        shutil.copy(PROBE, self.work / "medperf-probe")
        shutil.copy(PROGRAM, self.work / "engine_escape")
        # A setuid program of root's, for the control: reached by the suite's user only.
        closed = self.work / "setuid"
        closed.mkdir()
        shutil.copy(PROBE, closed / "medperf-probe")
        shutil.chown(closed, "root", self.user)
        closed.chmod(0o750)
        (closed / "medperf-probe").chmod(0o4755)
        return self

    def __exit__(self, *_):
        if self.docker:
            self.dockerd("stop")
        if self.slurm is not None:
            subprocess.run([CLUSTER, "stop", self.work / "slurm"], check=False, timeout=300)
        self.delegate("remove")
        # As long as one of its processes is there the user cannot be removed.
        wait_for(lambda: subprocess.run(["pkill", "-KILL", "--runstates", "S,R,D,T", "-u", self.user], check=False).returncode != 0, 60)
        uid = subprocess.run(["id", "-u", self.user], capture_output=True, text=True).stdout.strip()
        subprocess.run(["userdel", "--remove", self.user], check=False, capture_output=True)
        for line in reversed(pathlib.Path("/proc/self/mounts").read_text().splitlines()):
            point = line.split()[1]
            if point.startswith(str(self.work)):
                subprocess.run(["umount", "-l", point], check=False)
        if not self.keep:
            subprocess.run(["rm", "-rf", str(self.work)], check=False)
        for folder in pathlib.Path("/tmp").glob(f"medperf-{uid or 'none'}-*"):
            subprocess.run(["rm", "-rf", str(folder)], check=False)

    def delegate(self, verb):
        done = subprocess.run([TOP / "scripts/cgroup-delegate.sh", verb, self.user, GROUP], capture_output=True,
                              text=True, check=verb == "add")
        return done.stdout

    def dockerd(self, verb):
        self.docker = verb == "start"
        return subprocess.run(["bash", "-c", f'. tests/engine/dockerd.sh; {verb}_dockerd "$0"', self.work / "d"],
                              cwd=TOP, check=False).returncode == 0

    def cluster(self):
        """Starts Slurm with two nodes, once; whether it is there."""
        if self.slurm is None:
            environment = {**os.environ, "SLURM_BASE_PORT": str(ports.free_block())}
            done = subprocess.run([CLUSTER, "start", self.work / "slurm", "2"], env=environment, capture_output=True,
                                  text=True, timeout=900)
            self.slurm = done.stdout.strip().split("\n")[-1] if done.returncode == 0 else ""
            if not self.slurm:
                print(f"Slurm does not start: {done.stderr}")
        return bool(self.slurm)

    def run(self, configuration, start):
        """The report of one configuration, or why there is none."""
        folder = self.work / configuration.name
        folder.mkdir()
        environment = {"PATH": os.environ["PATH"], "MEDPERF_PROBE": str(self.work / "medperf-probe"),
                       "MEDPERF_STORE": str(folder / "store"), "HOME": "/root"}
        command = [str(self.work / "engine_escape"), configuration.kind, str(folder / "report.json")]
        if configuration.kind == "docker":
            if not shutil.which("dockerd"):
                return {"missing": "docker is not installed"}
            if not self.dockerd("start"):
                return {"missing": "its daemon did not start", "broken": True}
            environment["DOCKER_HOST"] = f"unix://{self.work}/d/docker.sock"
        if configuration.slurm:
            missing = [name for name in ("srun", "slurmctld", "slurmd", "munged") if not shutil.which(name, path=SLURM_PATH)]
            if missing:
                return {"missing": f"Slurm is not installed: {', '.join(missing)}"}
            if not self.cluster():
                return {"missing": "Slurm did not start", "broken": True}
            environment["SLURM_CONF"] = self.slurm
            start = ["srun", "--quiet", f"--job-name={configuration.name}", "--nodes=1", "--ntasks=1", "--mem=1500", "--chdir=/"]
        if configuration.user:
            shutil.chown(folder, self.user, self.user)
            environment["HOME"] = f"/home/{self.user}"
            environment["MEDPERF_CGROUP"] = self.group if configuration.delegated else "medperf-absent/nobody"
            values = [f"{key}={value}" for key, value in environment.items()]
            if configuration.slurm:  # its daemon starts the task as the user who asked for it
                command, start = [*start, *command], []
            command = ["env", *values, *command]
            command = [str(TOP / "scripts/cgroup-delegate.sh"), "exec", self.user, GROUP, "--", *command]
        if configuration.kind == "none" and configuration.user:
            command[command.index("env") + 1:command.index("env") + 1] = [
                f"MEDPERF_SETUID={self.work}/setuid/medperf-probe"]
        try:
            done = subprocess.run([*start, *command], env=environment, cwd="/", capture_output=True, text=True,
                                  timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return {"missing": f"it did not end within {SECONDS} s", "broken": True}
        if done.returncode != 0 or not (folder / "report.json").exists():
            return {"missing": (done.stdout + done.stderr).strip()[-1500:] or f"exit code {done.returncode}",
                    "broken": True}
        report = json.loads((folder / "report.json").read_text())
        if configuration.slurm:
            report["job"] = self.job_of(configuration.name, self.user if configuration.user else "root")
        return report

    def job_of(self, name, user):
        """The number of the job of this name, once Slurm says that it ended well and was this user's."""
        deadline = time.monotonic() + 300
        while True:
            # srun comes back while its job is still COMPLETING on the nodes.
            shown = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, timeout=180,
                                   env={**os.environ, "SLURM_CONF": self.slurm}).stdout
            jobs = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in shown.splitlines()]
            for job in jobs:
                if (job.get("JobName"), job.get("JobState")) == (name, "COMPLETED"):
                    return job["JobId"] if job.get("UserId", "").startswith(user + "(") else None
            if time.monotonic() > deadline:
                print(f"   no completed job {name} of {user} in: {shown.strip()}")
                return None
            time.sleep(0.2)


def probe_list():
    rows = []
    for command in ([PROBE, "list"], [PROGRAM, "list"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows += [json.loads(line) for line in done.stdout.splitlines()]
    return rows


def fails_bare(name, controls):
    """Where the probe fails without any wall too, it proves nothing; what it said."""
    seen = [report["cells_by_name"].get(name, {}) for report in controls.values()]
    if any(cell.get("verdict") == "passed" for cell in seen):
        return None
    return "; ".join(sorted({cell.get("seen", "not run") for cell in seen}))


class Judge:
    """Turns what was seen into cells and failures."""

    def __init__(self, rows):
        self.rows = rows
        self.failures, self.good = [], 0

    def check(self, holds, text):
        if holds:
            self.good += 1
        else:
            self.failures.append(text)

    def cell(self, row, configuration, report):
        """(word, reason): 'held', or 'no' with the reason; None: a failure, which is noted."""
        where = f"{configuration.name}: {row['probe']}"
        found = report["cells_by_name"].get(row["probe"])
        if found is None or found["verdict"] == "untried":
            self.check(False, f"{where}: was not tried: {found['seen'] if found else 'no answer'}")
            return ("not tried", found["seen"] if found else "no answer")
        known = KNOWN.get((row["wall"], configuration.name))
        if found["verdict"] == "held":
            self.check(True, where)
            # What nobody enforces may still seem to hold on a busy machine.
            return ("not enforced", known) if known else ("held", found["seen"])
        wall = next((w for w in report["walls"] if w["name"] == row["wall"]), None)
        if wall and not wall["stands"]:
            # Known not to stand: then nothing may run.
            self.check(report["run"].startswith("refused"), f"{where}: passes, and runs are {report['run']}")
            return ("not enforced", wall["reason"])
        self.check(known is not None, f"{where}: PASSED: {found['seen']}")
        return ("not enforced", known) if known else ("PASSED", found["seen"])

    def configuration(self, configuration, report):
        print(f"== {configuration.name}: {report['engine']}")
        cells = {row["probe"]: self.cell(row, configuration, report) for row in self.rows}
        if configuration.slurm:
            self.check(report["job"] is not None, f"{configuration.name}: Slurm knows of no job that ran it")
        stands = all(wall["stands"] for wall in report["walls"])
        expected = "allowed" if stands else "refused"
        missing = "; ".join(f"{wall['name']}: {wall['reason']}" for wall in report["walls"] if not wall["stands"])
        self.check(report["run"].startswith(expected),
                   f"{configuration.name}: {missing or 'all walls stand'}, but runs are {report['run']}")
        self.check(report.get("left") == 0, f"{configuration.name}: {report.get('left')} containers were left: {report.get('left_leases')}")
        counts = {word: sum(1 for cell in cells.values() if cell[0] == word) for word in {c[0] for c in cells.values()}}
        print("   " + ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) + f"; runs: {report['run'][:90]}")
        return cells


def page_text(rows, columns, controls):
    """docs/walls.md. `columns`: name -> (configuration, report, cells)."""
    notes, lines = [], []

    def note(text):
        if text not in notes:
            notes.append(text)
        return f"[{notes.index(text) + 1}]"

    names = list(columns)
    header = ["wall", "what hostile code does", *names, "no walls"]
    lines.append("| " + " | ".join(header) + " |")
    lines.append("|" + " --- |" * len(header))
    for row in rows:
        bare = fails_bare(row["probe"], controls)
        cells = []
        for name in names:
            word, reason = columns[name][2][row["probe"]]
            cells.append(word if word == "held" else f"{word} {note(reason)}")
        cells.append("passes" if bare is None else f"fails too {note('without any wall: ' + bare)}")
        lines.append(f"| {row['wall']} | `{row['probe']}`: {row['tries']} | " + " | ".join(cells) + " |")
    machine = re.sub(r"-.*", "", platform.release())
    text = ["# Walls: what hostile code in a container reaches", "",
            "Written by `tests/engine/escape.py --write-docs`, which also fails when a cell called held does not hold any",
            "more. Each probe runs inside a real container and tries; `held` means that it tried and failed. The last column",
            "is the control: the same probes on the same machine without any wall, as root and as an ordinary user. A probe",
            "that fails there too proves nothing, and is marked. `not enforced` carries the reason, and then nothing runs on",
            "that configuration, unless the note says that it is no wall of the default level.", "",
            "Apptainer and Singularity are not in the table: they cannot be installed on the test machines, so their runner",
            "is tested against a recording stub only. At a site, `medperf doctor` proves the ten walls of the default level.", "",
            f"Machine: Linux {machine}, cgroup {'v2' if pathlib.Path('/sys/fs/cgroup/cgroup.controllers').exists() else 'v1'}. "
            f"{len(rows)} probes.", ""]
    for name, (configuration, report, _) in columns.items():
        text.append(f"- **{name}**: {configuration.about} ({report['engine']}). A run is "
                    f"{'allowed' if report['run'] == 'allowed' else 'refused'}.")
    text += ["", *lines, ""]
    text += [f"[{i + 1}] {reason}  " for i, reason in enumerate(notes)]
    return "\n".join(text).rstrip() + "\n"


def held_on_page():
    """(configuration, probe) of every cell that the committed page calls held."""
    if not PAGE.exists():
        return None
    held, names = set(), []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "wall":
            names = cells[2:-1]
        match = re.match(r"`([a-z0-9-]+)`:", cells[1]) if len(cells) > 2 else None
        if match:
            held |= {(name, match[1]) for name, cell in zip(names, cells[2:-1]) if cell == "held"}
    return held


def compare_with_page(judge, columns, rows):
    held = held_on_page()
    if held is None:
        judge.check(False, "docs/walls.md is missing: run tests/engine/escape.py --write-docs")
        return
    for name, (_, _, cells) in columns.items():
        for row in rows:
            now = cells[row["probe"]][0]
            if (name, row["probe"]) in held:
                judge.check(now == "held", f"docs/walls.md calls {name}: {row['probe']} held; it is {now}")
            elif now == "held":
                # A limit that nobody enforces may still seem to hold on a busy machine.
                print(f"   docs/walls.md does not call {name}: {row['probe']} held; it is now")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="every configuration")
    parser.add_argument("--only", default="", help="configurations, with commas between")
    parser.add_argument("--start", action="append", default=[], help="NAME=COMMAND before the configuration's client")
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the reports")
    options = parser.parse_args()
    starts = {item.partition("=")[0]: shlex.split(item.partition("=")[2]) for item in options.start}
    if os.geteuid() != 0:
        print("skipped: needs root\n0 passed, 0 failed")
        return 0
    rows = probe_list()
    judge = Judge(rows)
    judge.check(len(rows) >= 40, f"{len(rows)} probes are fewer than 40")
    every = options.full or options.write_docs
    wanted = [c for c in CONFIGURATIONS if (c.name in options.only.split(",") if options.only else every or not c.full)]
    columns, controls = {}, {}
    with Machine(options.keep) as machine:
        for configuration in CONTROLS + wanted:
            begin = time.monotonic()
            report = machine.run(configuration, starts.get(configuration.name, []))
            if "missing" in report:
                print(f"== {configuration.name}: not here: {report['missing']}")
                judge.check(not report.get("broken") and configuration.kind != "none",
                            f"{configuration.name}: {report['missing']}")
                continue
            report["cells_by_name"] = {cell["probe"]: cell for cell in report["cells"]}
            if configuration.kind == "none":
                controls[configuration.name] = report
                passing = sum(cell["verdict"] == "passed" for cell in report["cells"])
                print(f"== {configuration.name}: {passing} of {len(rows)} probes pass, {time.monotonic() - begin:.1f} s")
                continue
            columns[configuration.name] = (configuration, report, judge.configuration(configuration, report))
            print(f"   {time.monotonic() - begin:.1f} s")
    useless = [row["probe"] for row in rows if fails_bare(row["probe"], controls)]
    print(f"Fail without walls too: {', '.join(useless) or 'none'}")
    judge.check(len(useless) * 5 < len(rows), f"{len(useless)} of {len(rows)} probes cannot succeed on this machine")
    if options.write_docs:
        PAGE.write_text(page_text(rows, columns, controls))
        print(f"Written: {PAGE.relative_to(TOP)}")
    else:
        compare_with_page(judge, columns, rows)
    for failure in judge.failures:
        print(f"FAIL {failure}")
    print(f"{judge.good} passed, {len(judge.failures)} failed")
    return 1 if judge.failures else 0


if __name__ == "__main__":
    sys.exit(main())
