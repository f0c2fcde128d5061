"""What the tests of killed clients share: one command on a copy of a workspace, and what it left there."""
import hashlib
import json
import os
import shutil
import subprocess


TRIES = 5  # of one strike: what was over before it is struck again, sooner


def log_lines(workspace, kind):
    """Lines of the site's own log; each container that ended left one of kind 'run'."""
    with open(os.path.join(workspace, "log/audit.log")) as file:
        lines = [json.loads(line) for line in file if line.strip()]
    return [line for line in lines if line["kind"] == kind]


def digests(folder, below):
    """SHA-256 of every file of the folders and files named."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            relative = os.path.relpath(path, folder)
            if relative.split(os.sep)[0] in below:
                with open(path, "rb") as file:
                    found[relative] = hashlib.sha256(file.read()).hexdigest()
    return found


class Work:
    """One command on a copy of a workspace, to its end."""

    def __init__(self, study, base, words, code, outputs):
        self.study, self.base, self.words, self.code, self.outputs = study, base, words, code, outputs

    def fresh(self, name):
        folder = os.path.join(self.study.folder, name)
        subprocess.run(["cp", "-a", self.base, folder], check=True, timeout=600)
        return folder

    def start(self, workspace):
        return subprocess.Popen(self.study.command(workspace, *self.words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, start_new_session=True, env=self.study.environment())

    def steps(self, workspace):
        """How often each step is noted; a step that is noted twice was done twice."""
        count = {}
        for name in sorted(os.listdir(os.path.join(workspace, "journal"))):
            with open(os.path.join(workspace, "journal", name)) as file:
                for line in file:
                    if line.endswith("\n"):
                        entry = json.loads(line)
                        key = (name, entry["step"], entry["key"])
                        count[key] = count.get(key, 0) + 1
        return count

    def left_over(self, workspace):
        """Folders that only an unfinished step has."""
        found = []
        for base, folders, _ in os.walk(os.path.join(workspace, "runs")):
            found += [os.path.join(base, name) for name in folders if ".part" in name]
        return found


def tidy(workspace):
    with open("/proc/self/mounts") as mounts:
        below = [line.split()[1] for line in mounts if line.split()[1].startswith(workspace + "/")]
    for mount in sorted(below, reverse=True):
        subprocess.run(["umount", mount], capture_output=True)
    shutil.rmtree(workspace, ignore_errors=True)
