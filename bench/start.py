#!/usr/bin/env python3
"""Process start-up, the hub's memory at rest, and the platform's own time per model evaluation.

Start-up is that of whole processes, the median and the worst of 100 after a warm-up: process time (user and system,
as the kernel accounts it, loader included), which the targets are for, and beside it the wall time from fork to exit,
which other work on the machine stretches. The hub is a fresh one, asked once, then left alone for two seconds. The own time per evaluation is read from the workspaces of
the last ./dev demo: wall time less the wall time of the engine's own processes."""
import json, os, pathlib, re, socket, ssl, statistics, subprocess, tempfile, time, urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
BIN = TOP / "build/release/src/apps"
DEMO = pathlib.Path(os.environ.get("MEDPERF_DEMO_STATE", "/var/lib/medperf-demo"))


def line(name, value, target, unit):
    verdict = "within" if value <= target else "OVER"
    print(f"{name:58s} {value:9.2f} {unit:4s} target {target:g} {unit}: {verdict}")


def spawn_ms(*argv):
    """Process time and wall time of one run."""
    begin = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, _, usage = os.wait4(pid, 0)
    return (usage.ru_utime + usage.ru_stime) * 1000, (time.perf_counter() - begin) * 1000


def startup():
    for argv, target in (((str(BIN / "medperf"), "--version"), 10), ((str(BIN / "medperf"), "--help"), 25), (("/bin/true",), None)):
        process, wall = zip(*[spawn_ms(*argv) for _ in range(110)][10:])
        name = " ".join((os.path.basename(argv[0]), *argv[1:]))
        if target is None:
            print(f"{name + ' (the floor), process time, median of 100':58s} {statistics.median(process):9.2f} ms")
        else:
            line(f"{name}, process time, median of 100", statistics.median(process), target, "ms")
            line(f"{name}, process time, worst of 100", max(process), target, "ms")
        print(f"{name + ', wall time, median and worst':58s} {statistics.median(wall):9.2f} ms  {max(wall):9.2f} ms")


def hub_memory():
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        subprocess.run([BIN / "medperf-hub", "init", "--data", f"{folder}/hub"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                       check=True, stderr=subprocess.DEVNULL)
        pathlib.Path(f"{folder}/hub.yaml").write_text(
            f"data: {folder}/hub\nhttp:\n  address: 127.0.0.1\n  port: {port}\n"
            f"  certificate: {folder}/cert.pem\n  private_key: {folder}/key.pem\n")
        hub = subprocess.Popen([BIN / "medperf-hub", "serve", "--config", f"{folder}/hub.yaml"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            trust = ssl._create_unverified_context()
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"https://127.0.0.1:{port}/version", context=trust).read()
                    break
                except OSError:
                    time.sleep(0.05)
            time.sleep(2)
            status = pathlib.Path(f"/proc/{hub.pid}/status").read_text()
            line("medperf-hub idle, resident", int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 40, "MiB")
        finally:
            hub.terminate()
            hub.wait()


def own_time():
    times = []
    for timing in DEMO.glob("accounts/*/.medperf/runs/*/timing.json"):
        document = json.loads(timing.read_text())
        times.append(document["own_seconds"] * 1000)
    if not times:
        print("own time per model evaluation: no finished ./dev demo on this machine")
        return
    line(f"own time per model evaluation, median of {len(times)}", statistics.median(times), 150, "ms")
    line(f"own time per model evaluation, worst of {len(times)}", max(times), 150, "ms")


startup()
hub_memory()
own_time()
