#!/usr/bin/env python3
"""An encrypted model on a real hub: its owner grants the key to the data owners' certificates, the hospital's client fetches, opens
and uses it, and a withdrawn key opens nothing. Needs root, podman or bubblewrap, gpg, openssl; see small_study for the build.

granted_key.py [FOLDER]   FOLDER with medperf and medperf-hub (default build/release/src/apps)"""
import base64, json, os, pathlib, shutil, stat, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import real_hub, small_study

passed = failed = 0


def check(what, good, seen=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED: {what}: {str(seen)[-3000:]}")


class SealedStudy(small_study.Study):
    """The vendor's models are encrypted; the reference model is not."""

    def _model(self, name, config, seed):
        if not seed:
            return super()._model(name, config, seed)
        with open(os.path.join(small_study.BENCHMARK, "models/lr-pixel/weights.csv"), "rb") as file:
            plain, image = self._image(name, "cxr_lr_pixel", {"weights": (file.read(), 0o644)})
        self.vendor = self.owner_workspace("vendor")
        self.key, sealed = os.path.join(self.vendor, "model.key"), plain + ".gpg"
        self.run(self.vendor, "container", "encrypt", "--archive", plain, "--out", sealed, "--key", self.key)
        os.unlink(plain)
        local = os.path.join(self.vendor, "container_config.yaml")
        with open(local, "w") as file:
            json.dump({**config, "container_type": "EncryptedDockerArchive", "image": "later"}, file)
        self.run(self.vendor, "model", "submit", "--yes", "--name", name, "--config", local, "--archive", sealed, "--key", self.key,
                 "--image-url", self.server.url + os.path.basename(sealed), "--operational")
        row = json.loads(self.run(self.vendor, "model", "ls", "--mine", "--json").stdout)[0]
        container = self.must("vendor", "GET", "models/%d/" % row["id"], None, 200)["container"]
        self.container = container["id"] if isinstance(container, dict) else container
        stored = self.must("vendor", "GET", "mlcubes/%d/" % self.container, None, 200)
        check("registered with its type and the digest of the image in it", stored["container_config"]["container_type"] ==
              "EncryptedDockerArchive" and stored["metadata"]["medperf"]["image_id"] == "sha256:" + image, stored)
        return row["id"]

    def owner_workspace(self, user):
        folder = os.path.join(self.folder, user)
        os.makedirs(folder, mode=0o700)
        for name, text in (("config.yaml", json.dumps({"hub": {"url": self.hub.url, "ca_file": self.hub.cert}})), ("password", small_study.PASSWORD)):
            with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text)
        self.run(folder, "auth", "login", "--username", user, "--password-file", os.path.join(folder, "password"))
        return folder


def result_of(study, workspace, **options):
    done = study.run(workspace, "benchmark", "run", "--yes", "-b", study.benchmark, "-d", study.dataset, "-m", study.models[1], "--json",
                     expect=range(256), **options)
    return done.stdout + done.stderr


def holding(folder, word):
    """Files below that hold the word."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            try:
                if not stat.S_ISREG(os.stat(path).st_mode):
                    continue  # a pipe would be waited for
                with open(path, "rb") as file:
                    if word in file.read():
                        found.append(path)
            except OSError:
                pass  # gone meanwhile
    return found


def cases(study):
    some = study.must("group", "GET", "mlcubes/", None, 200)["results"][0]["id"]
    authority = study.must("group", "POST", "cas/", {"name": "authority", "config": {"address": "none"}, "client_mlcube": some,
                                                     "server_mlcube": some, "ca_mlcube": some}, 201)["id"]
    site = study.new_workspace("site", {"engine": {"kind": "builtin" if shutil.which("bwrap") else "podman"}})
    study.join(site)
    without = result_of(study, site)
    check("without its key the model is refused", "its key is not here" in without and "submitted" not in without, without)
    study.run(site, "container", "certificate", "--ca", authority, "--name", "hospital@example.org")
    grant = ("container", "grant", study.container, "--benchmark", study.benchmark, "--key", study.key, "--yes", "--json")
    other = study.run(study.vendor, *grant, "--fingerprint", "ab" * 32, expect=range(1, 70))
    check("a fingerprint that nobody has sends nothing", other.returncode != 0 and "nothing was sent" in other.stdout + other.stderr and
          not study.must("vendor", "GET", "me/encrypted_keys/", None, 200)["results"], other)
    certificate = study.must("hospital", "GET", "me/certificates/", None, 200)["results"][0]["certificate_content_base64"]
    shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=base64.b64decode(certificate), check=True,
                           capture_output=True).stdout.decode().strip().split("=")[1]
    granted = study.run(study.vendor, "container", "grant", study.container, "--benchmark", study.benchmark, "--key", study.key, "--yes", "--json",
                        "--fingerprint", shown)
    rows = json.loads(granted.stdout)
    check("the key is granted to the data owner alone", [row["owner"] for row in rows] == ["hospital@example.org"] and rows[0]["granted"], rows)
    check("with its fingerprint, and who signed it", rows[0]["fingerprint"] == shown.replace(":", "").lower() and rows[0]["signed_by"] == "itself", rows)
    again = study.run(study.vendor, "container", "grant", study.container, "--benchmark", study.benchmark, "--key", study.key, "--yes")
    check("granting again sends nothing", "has it already" in again.stdout, again.stdout)
    secret = pathlib.Path(study.key).read_text().strip()
    held = holding(study.hub.folder, secret.encode())
    check("the hub holds no key that it could read", not held, held)
    ran = result_of(study, site, more=None)
    check("with the granted key it is inspected, run and submitted", '"submitted"' in ran, ran)
    kept = holding(site, secret.encode())
    check("the site keeps no copy of the key", not kept, kept)
    count = study.run(study.vendor, "container", "revoke", study.container, "--json")
    check("the key is withdrawn", json.loads(count.stdout)["withdrawn"] == 1, count.stdout)
    late = study.new_workspace("late", {"engine": {"kind": "builtin" if shutil.which("bwrap") else "podman"}})
    shutil.copytree(os.path.join(site, "keys/certificates"), os.path.join(late, "keys/certificates"))
    report = study.run(late, "container", "report", study.container, expect=range(256))
    check("a withdrawn key opens nothing", report.returncode != 0 and "its key is not here" in report.stdout + report.stderr, report)


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("gpg", "openssl"))) or not (shutil.which("bwrap") or shutil.which("podman")):
        print("skipped: needs root, gpg, openssl, podman or bubblewrap\n0 passed, 0 failed")
        return 0
    build = os.environ.get("BUILD")
    programs = real_hub.programs(sys.argv[1:] or ([os.path.join(build, "src/apps")] if build else []))
    with SealedStudy(programs, models=2) as study:
        cases(study)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
