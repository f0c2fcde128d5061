#!/usr/bin/env python3
"""The Debian packages: built by CPack, their contents and control data, the manual pages, the systemd unit. With
--install also: installed into a fresh Debian, where the hub is made, served, removed (installed.sh). That Debian is
the tar of --base, which is made when it is not there.
Usage: packages.py [--build FOLDER] [--install [--base TAR]]"""
import argparse, os, pathlib, re, shutil, subprocess, sys, tempfile

from fresh import enter, make_base, unpack

TOP = pathlib.Path(__file__).resolve().parents[2]
passed = failed = 0


def case(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'} {name}{' ' + str(detail) if detail and not good else ''}", flush=True)
    return good


def totals():
    """Prints the last line that tests/run.sh reads; gives the exit status."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, **more)


def build_packages(build, folder):
    done = run("cpack", "-G", "DEB", "--config", build / "CPackConfig.cmake", "-B", folder, cwd=build)
    case("cpack makes the packages", done.returncode == 0, (done.stdout + done.stderr)[-800:])
    return {re.match(r"([a-z-]+)_", p.name).group(1): p for p in folder.glob("*.deb")}


def fields(package):
    text = run("dpkg-deb", "--field", package).stdout
    return dict(line.split(": ", 1) for line in text.splitlines() if re.match(r"[A-Z][\w-]*: ", line))


def contents(package):
    """Mode and owner by path."""
    rows = {}
    for line in run("dpkg-deb", "--contents", package).stdout.splitlines():
        mode, owner, _, _, _, path = line.split(None, 5)
        rows[path.split(" -> ")[0].lstrip(".")] = (mode, owner)
    return rows


HUB_FILES = ("/usr/bin/medperf-hub", "/usr/share/man/man8/medperf-hub.8", "/usr/lib/systemd/system/medperf-hub.service",
             "/usr/lib/systemd/system/medperf-hub-backup.timer", "/usr/lib/sysusers.d/medperf-hub.conf",
             "/usr/share/doc/medperf-hub/hub.sample.yaml", "/usr/share/doc/medperf-hub/operations.md",
             "/usr/share/doc/medperf-hub/copyright", "/usr/share/doc/medperf-hub/examples/nginx.conf")
CLIENT_FILES = ("/usr/bin/medperf", "/usr/bin/medperf-probe", "/usr/share/man/man1/medperf.1",
                "/usr/lib/systemd/system/medperf-site@.service")


METRICS_FILES = ("/usr/bin/medperf-metrics", "/usr/share/man/man1/medperf-metrics.1",
                 "/usr/share/doc/medperf-metrics/copyright")
DICOM_FILES = ("/usr/lib/medperf/medperf-dicom.so", "/usr/share/doc/medperf-dicom/copyright")


def check_package(name, package, wanted, folder, needs="libcurl4"):
    control, files = fields(package), contents(package)
    missing = [f for f in wanted if f not in files]
    case(f"{name}: holds what it should", not missing, missing)
    strange = [f for f in files if not f.startswith("/usr/") and f not in ("/", "/usr")]
    case(f"{name}: and nothing outside /usr", not strange, strange[:5])
    wrong = [f for f, (mode, owner) in files.items() if owner != "root/root" or mode[5] == "w" or mode[8] == "w"]
    case(f"{name}: belongs to root, is writable for nobody else", not wrong, wrong[:5])
    case(f"{name}: names the libraries that it needs", "libc6" in control.get("Depends", "")
         and needs in control["Depends"], control.get("Depends"))
    case(f"{name}: has the program's version", control.get("Version", "").startswith(version()), control.get("Version"))
    root = folder / f"root-{name}"
    run("dpkg-deb", "--extract", package, root)
    if not wanted[0].startswith("/usr/bin/"):
        return root
    program = root / wanted[0].lstrip("/")
    shown = run(program, "--version")
    case(f"{name}: its program runs", shown.returncode == 0 and version() in shown.stdout, shown.stderr)
    check_loaded(name, root, package)
    return root


def version():
    return re.search(r"project\(medperf VERSION ([\d.]+)", (TOP / "CMakeLists.txt").read_text()).group(1)


def check_manual(root, page, words):
    file = next(root.glob(f"usr/share/man/man?/{page}*"))
    done = run("man", "--warnings", "--encoding=UTF-8", "--local-file", file, env={**os.environ, "MANWIDTH": "100"})
    text = re.sub(r".\x08", "", done.stdout)
    case(f"{page}: man shows it without a warning", done.returncode == 0 and not done.stderr.strip(), done.stderr[:300])
    missing = [w for w in words if w not in text]
    case(f"{page}: it names commands and options", not missing, missing)


def check_unit(root):
    unit = root / "usr/lib/systemd/system/medperf-hub.service"
    done = run("systemd-analyze", "verify", "--recursive-errors=no", f"--root={root}", unit)
    # The root holds no users and no man pages of systemd's own; its complaints about those are not about the unit.
    lines = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line and "man" not in line.lower()]
    case("unit: systemd accepts it", not lines, lines)
    done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit)
    found = re.search(r"exposure level for [^:]+: ([\d.]+)", done.stdout)
    case("unit: exposure at most 2 of 10", found and float(found.group(1)) <= 2.0,
         found.group(0) if found else (done.stdout + done.stderr)[-300:])
    if found:
        print(f"     {found.group(0)}")


def check_loaded(name, root, package):
    """Libraries that a program loads at first use stand in no header that dpkg-shlibdeps reads."""
    for program in (root / "usr/bin").iterdir():
        linked = run("objdump", "-p", program).stdout
        loaded = {lib.decode() for lib in re.findall(rb"lib[a-z0-9+_-]+\.so\.[0-9.]*[0-9]", program.read_bytes())}
        for library in sorted(lib for lib in loaded if lib not in linked):
            owner = run("dpkg-query", "--search", f"*/{library}").stdout.split(":")[0]
            case(f"{name}: {program.name} loads {library} at first use, of a package that it depends on",
                 owner and re.search(rf"(^|, ){re.escape(owner)}\b", fields(package).get("Depends", "")), owner)


def install_fresh(packages, folder, base):
    """What an administrator does, on a Debian made for this test."""
    root = unpack(make_base(base or folder / "base.tar"), folder / "fresh")
    (root / "packages").mkdir()
    for package in packages.values():
        shutil.copy(package, root / "packages")
    shutil.copy(TOP / "tests/packaging/installed.sh", root / "packages")
    shutil.copy(TOP / "src/imaging/tests/oracle/dicom/seg.dcm", root / "packages")
    status, said = enter(root, "bash", "/packages/installed.sh")
    lines = [line for line in said.splitlines() if line.startswith(("ok ", "FAIL "))]
    for line in lines:
        case(f"fresh machine: {line[5:]}", line.startswith("ok "))
    case("fresh machine: all was done", status == 0 and lines and "purge" in lines[-2], said[-800:])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    arguments.add_argument("--install", action="store_true")
    arguments.add_argument("--base", type=pathlib.Path)
    given = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="medperf-packages-"))
    try:
        packages = build_packages(given.build.resolve(), folder)
        if case("there are four", set(packages) == {"medperf-hub", "medperf", "medperf-metrics", "medperf-dicom"},
                packages):
            root = check_package("medperf-hub", packages["medperf-hub"], HUB_FILES, folder)
            check_manual(root, "medperf-hub.8", ("medperf-hub backup", "--force", "http.drain_notice", "EXIT STATUS"))
            check_unit(root)
            root = check_package("medperf", packages["medperf"], CLIENT_FILES, folder)
            check_manual(root, "medperf.1", ("medperf benchmark", "--workspace", "scheduler.kind", "EXIT STATUS"))
            root = check_package("medperf-metrics", packages["medperf-metrics"], METRICS_FILES, folder, "libpng16-16")
            check_manual(root, "medperf-metrics.1", ("medperf-metrics pool", "--summary-file FILE", "EXIT STATUS"))
            check_package("medperf-dicom", packages["medperf-dicom"], DICOM_FILES, folder, "libdcmtk17")
            if given.install:
                install_fresh(packages, folder, given.base)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(totals())


if __name__ == "__main__":
    main()
