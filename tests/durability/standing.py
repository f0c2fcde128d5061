#!/usr/bin/env python3
"""What an administrator relies on: graceful drain, health and readiness, metrics, logs without secrets, configuration.
Usage: standing.py [--programs FOLDER]"""
import argparse, json, os, re, signal, socket, sqlite3, subprocess, threading, time

from hub import Folder, Hub, PASSWORD, Report, container, model, programs_folder, wait_for


def drain(report, folder, programs):
    """A request that waits for the database when the hub is asked to stop is still answered."""
    hub = Hub(folder / "drain", programs, settings="")
    text = hub.config.read_text()
    hub.config.write_text(text.replace("http:\n", "http:\n  drain: 120\n  drain_notice: 4\n", 1))
    hub.add_user("writer", admin=True)
    hub.start()
    client, idle = hub.client("writer"), hub.client("writer")
    holder = sqlite3.connect(hub.folder / "hub.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answers, begun = [], transactions(hub)
    slow = threading.Thread(target=lambda: answers.append(client.send("POST", "mlcubes/", container("slow"))))
    slow.start()
    # It is in the hub once the hub asks its database something; then it comes to where it waits for this one.
    wait_for(lambda: transactions(hub) > begun)
    time.sleep(0.5)
    hub.process.send_signal(signal.SIGTERM)
    report.case("drain: /readyz answers 503 first", wait_for(lambda: hub.ask("/readyz")[0] == 503))
    report.case("drain: then no new connection", wait_for(lambda: hub.ask("/version")[0] == 0))
    report.case("drain: the watching listener still says 503", hub.ask("/readyz", hub.watch_port)[0] == 503)
    report.case("drain: the process waits for the running request", hub.process.poll() is None and not answers)
    holder.execute("ROLLBACK")
    slow.join(180)
    report.case("drain: which is answered", answers and answers[0][0] == 201, answers)
    report.case("drain: then the process ends with 0", hub.process.wait(180) == 0, hub.process.returncode)
    report.case("drain: and a kept-alive connection that idled is closed", idle.send("GET", "me/")[0] == 0)
    holder.close()
    hub.start()
    names = {row["name"] for row in hub.client("writer").all("mlcubes/")}
    report.case("drain: what was answered is stored", "slow" in names)
    hub.stop()


def transactions(hub):
    """How many the hub has begun."""
    text = hub.ask("/metrics", hub.watch_port)[1]
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("medperf_hub_database_transactions_total ")), 0)


SAMPLE = re.compile(r'^[a-z_]+(\{[a-z]+="[^"{}]*"(,[a-z]+="[^"{}]*")*\})? [0-9.e+-]+$')


def metrics(report, folder, programs):
    hub = Hub(folder / "metrics", programs)
    hub.add_user("a-name-of-somebody", admin=True)
    hub.start()
    client = hub.client("a-name-of-somebody")
    for i in range(3):
        client.must(201, "POST", "models/", model(f"named-{i}"))
    client.send("GET", "mlcubes/987654321/")
    status, text = hub.ask("/metrics", hub.watch_port)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    report.case("metrics: served beside the hub", status == 200 and lines, status)
    report.case("metrics: every line has the format's form", all(SAMPLE.match(line) for line in lines),
                [line for line in lines if not SAMPLE.match(line)][:3])
    values = dict(line.rsplit(" ", 1) for line in lines)
    report.case("metrics: requests by operation and status",
                values.get('medperf_hub_requests_total{operation="models_create",status="201"}') == "3")
    report.case("metrics: a histogram that adds up",
                values.get('medperf_hub_request_seconds_count{operation="models_create"}') == "3"
                and values.get('medperf_hub_request_seconds_bucket{operation="models_create",le="+Inf"}') == "3")
    for name in ("medperf_hub_connections", "medperf_hub_database_transactions_total", "medperf_hub_database_busy_total",
                 "medperf_hub_database_retries_total", "process_resident_memory_bytes", "process_cpu_seconds_total"):
        report.case(f"metrics: {name}", name in values)
    report.case("metrics: log lines and build",
                any(k.startswith("medperf_hub_log_lines_total{") for k in values)
                and any(k.startswith("medperf_hub_build_info{version=") for k in values))
    report.case("metrics: no ids, names or addresses",
                not any(word in text for word in ("named-", "somebody", "987654321", "127.0.0.1")))
    report.case("metrics: not on the listener of the API", hub.ask("/metrics")[0] == 404)
    hub.stop()


def logs(report, folder, programs):
    """Every line is one JSON object with its request's id; none holds a secret that was used in the run."""
    hub = Hub(folder / "logs", programs, settings="log:\n  level: debug\n")
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    secrets = [PASSWORD, client.token, client.token.split(".")[2], "not the password at all", "wrong.token.here"]
    client.must(201, "POST", "mlcubes/", container("logged"), {"X-Request-Id": "given-by-the-proxy-01"})
    wrong = hub.client("writer").twin()
    wrong.token = None
    wrong.send("POST", "auth/login", {"username": "writer", "password": secrets[3]})
    wrong.token = secrets[4]
    wrong.send("GET", "me/")
    wrong.send("GET", f"mlcubes/?name={client.token}")
    wrong.send("POST", "mlcubes/", {"name": "x", "password": secrets[3]})
    client.send("GET", "me/%0a%7b%22level%22:%22forged%22%7d")
    hub.stop()
    text = hub.log.read_text()
    found = [s[:12] for s in secrets + list(key_lines(hub.folder / "jwt.pem")) if s in text]
    report.case("logs: no secret of the run is in them", not found, found)
    parsed, bad = [], 0
    for line in text.splitlines():
        try:
            parsed.append(json.loads(line))
        except ValueError:
            bad += 1
    report.case("logs: every line is one JSON object", bad == 0 and parsed, bad)
    requests = [line for line in parsed if line.get("event") == "request"]
    report.case("logs: each request with its id and status", requests and all(
        r.get("request_id") and isinstance(r.get("status"), int) for r in requests))
    report.case("logs: a proxy's request id is kept", any(r["request_id"] == "given-by-the-proxy-01" for r in requests))
    report.case("logs: no line can be forged", not any(line.get("level") == "forged" for line in parsed))


def key_lines(file):
    """Lines of a private key but its first and last."""
    return [line for line in file.read_text().splitlines() if line and not line.startswith("-----")]


def configuration(report, folder, programs):
    hub = Hub(folder / "configuration", programs)
    sample = folder / "configuration" / "hub.sample.yaml"
    report.case("configuration: init writes an annotated sample", sample.exists() and "# " in sample.read_text())
    shown = hub.run("--print-config").stdout
    names = set(re.findall(r"^ *([a-z_]+):", sample.read_text(), re.M))
    report.case("configuration: --print-config shows every option of the sample",
                names <= set(re.findall(r"^ *([a-z_]+):", shown, re.M)))
    done = subprocess.run([hub.program, "--print-config", "--config", hub.config], capture_output=True, text=True,
                          env={**os.environ, "MEDPERF_HUB_HTTP_PORT": "4711"})
    report.case("configuration: the environment overrides the file", "port: 4711" in done.stdout, done.stdout)
    good = hub.config.read_text()
    for label, text, where in (("an unknown key", good + "nonsense:\n  key: 1\n", "nonsense.key"),
                               ("a wrong type", good.replace(f"port: {hub.watch_port}", "port: many"), "metrics.port"),
                               ("what is no YAML", good + "http: [", "hub.yaml")):
        hub.config.write_text(text)
        done = hub.run("check", check=False)
        report.case(f"configuration: {label} is an error that names it", done.returncode == 2 and (
            where in done.stderr or label == "what is no YAML"), (done.returncode, done.stderr))
    hub.config.write_text(good)
    program = hub.program
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", subprocess.run([program, "--help"], capture_output=True,
                                                                      text=True).stdout, re.M)
    needed = {"init", "serve", "migrate", "backup", "restore", "check", "import", "user add", "user list"}
    report.case("commands: all are in the help", needed <= set(commands), commands)
    unclear = [c for c in commands if "Example:" not in subprocess.run(
        [program, *c.split(), "--help"], capture_output=True, text=True).stdout]
    report.case("commands: each explains itself with an example", not unclear, unclear)
    report.case("commands: a mistake ends with 2", subprocess.run([program, "chekc"], capture_output=True).returncode == 2)
    report.case("commands: answers are JSON when asked", json.loads(hub.run("check", "--json").stdout)["schema"] >= 1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    given = arguments.parse_args()
    programs, report = programs_folder(given.programs), Report()
    with Folder() as folder:
        drain(report, folder, programs)
        metrics(report, folder, programs)
        logs(report, folder, programs)
        configuration(report, folder, programs)
    report.end()


if __name__ == "__main__":
    main()
