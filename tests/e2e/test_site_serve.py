#!/usr/bin/env python3
"""`medperf site serve` beside a real hub, behind a proxy: it does what it may and stops where a person is needed, and
tells that person; SIGTERM ends it at once and well, kill -9 at random points costs what was running and nothing else;
while hub or proxy are away it waits and goes on; and nothing goes round the proxy.

test_site_serve.py [FOLDER] [--times N] [--seed S]: the folder with medperf and medperf-hub; N strikes. Root, podman."""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import connect_proxy  # noqa: E402
import real_hub  # noqa: E402
import small_study  # noqa: E402
import strikes  # noqa: E402
from patience import wait_for  # noqa: E402

MODELS, SHARDS = 2, 2
# Seconds that a stop may take: a container has two to end by itself, a busy machine takes its time; what does not stop
# works on for minutes.
SOON = 40.0
passed = failed = 0


def case(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (name, detail), flush=True)
    return good


def text_of(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Serving:
    """A copy of a workspace that is served; what it says and tells lies beside it."""
    started = []  # every process; none outlives the test, not even one that breaks off

    def __init__(self, work, name):
        self.work, self.workspace = work, work.fresh(name)
        self.said, self.notices = self.workspace + ".said", self.workspace + ".notices"
        for path in (self.said, self.notices):
            if os.path.exists(path):
                os.remove(path)
        path = os.path.join(self.workspace, "config.yaml")
        with open(path) as file:
            config = json.load(file)
        config["notify"] = {"command": "sh -c 'cat >> \"$0\"' '%s'" % self.notices}
        with open(path, "w") as file:
            json.dump(config, file)

    def start(self):
        """Until it says that it serves: before, a signal ends it as any program that has just begun."""
        before = self.times_begun()
        with open(self.said, "ab") as out:
            self.process = subprocess.Popen(
                self.work.study.command(self.workspace, "site", "serve"), stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True, env=self.work.study.environment())
        Serving.started.append(self.process)
        wait_for(lambda: self.times_begun() > before or self.process.poll() is not None, pause=0.005)
        return self

    def times_begun(self):
        return text_of(self.said).count("serving %s every" % self.workspace)

    def waiting(self):
        """Titles of what waits and was told of."""
        found, folder = set(), os.path.join(self.workspace, "waiting")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            try:
                entry = json.loads(text_of(os.path.join(folder, name)))
            except ValueError:
                continue
            if entry["told"]:
                found.add(entry["title"])
        return found

    def told(self):
        return [line for line in text_of(self.notices).split("\n") if line]

    def runs(self):
        """Containers that ran to their end."""
        return sum(line["body"]["end"] == "success" for line in strikes.log_lines(self.workspace, "run"))

    def stop(self):
        """SIGTERM; (exit code, seconds)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(180)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, time.monotonic() - began

    def left(self):
        return small_study.left_running(self.workspace)

    def gone(self):
        strikes.tidy(self.workspace)


def stops_well(name, serving):
    code, seconds = serving.stop()
    left = serving.left()
    case("%s: SIGTERM ends it with 0" % name, code == 0, (code, text_of(serving.said)[-2000:]))
    case("%s: soon" % name, seconds < SOON, seconds)
    case("%s: no container and no process outlives it" % name, not left, left)
    return seconds


def goes_on(name, serving, count):
    """Until so much waits for a person, of which that person was told."""
    there = wait_for(lambda: len(serving.waiting()) == count or serving.process.poll() is not None)
    return case("%s: stops where a person is needed" % name, there and serving.process.poll() is None,
                (serving.waiting(), serving.process.poll(), text_of(serving.said)[-2000:]))


def undisturbed(work, count):
    name = "undisturbed %s" % work.words[0]
    serving = Serving(work, "undisturbed")
    began = time.monotonic()
    serving.start()
    goes_on(name, serving, count)
    seconds = time.monotonic() - began
    listed = work.study.run(serving.workspace, "site", "waiting")
    for title in serving.waiting():
        case("%s: the list names it and its answer" % name, title in listed.stdout and "medperf " in listed.stdout,
             listed.stdout)
    time.sleep(2.5)  # further rounds
    case("%s: the person is told once of each" % name,
         sorted(line.split(": waits for you, run: medperf ")[0] for line in serving.told()) == sorted(serving.waiting()),
         serving.told())
    case("%s: containers ran" % name, serving.runs() > 1, serving.runs())
    case("%s: nothing was sent" % name, not finalized(work.study), finalized(work.study))
    stop = stops_well(name, serving)
    truth = work.outputs(serving.workspace), work.steps(serving.workspace), serving.runs(), serving.waiting()
    serving.gone()
    print("%s: %.1f s to the question, %.2f s to stop, %d containers" % (name, seconds, stop, truth[2]))
    return truth, seconds


def struck(work, number, kind, moment, truth):
    """One strike after `moment` seconds, then served again, until a person is needed. Gives None, or how long the work had
    taken when it was over before the strike."""
    expected, steps, runs, questions = truth
    name = "%s, %s %d at %.2f s" % (work.words[0], kind, number, moment)
    serving = Serving(work, "strike").start()
    began = time.monotonic()
    while time.monotonic() - began < moment and serving.waiting() != questions:
        time.sleep(0.01)
    took = time.monotonic() - began if serving.waiting() == questions else None
    if kind == "kill":
        serving.process.kill()
        serving.process.wait()
    else:
        stops_well(name, serving)
    # A preparation goes on in the folder that it began; its statistics are the last that it writes.
    halfway = {k: v for k, v in work.outputs(serving.workspace).items() if not str(k).startswith(("data/", "labels/"))}
    case("%s: nothing half-written is taken for whole" % name, halfway.items() <= expected.items(),
         [k for k in halfway if halfway[k] != expected.get(k)])
    serving.start()
    goes_on(name, serving, len(questions))
    case("%s: the same questions" % name, serving.waiting() == questions, serving.waiting())
    stops_well(name + ", again", serving)
    case("%s: same outputs" % name, work.outputs(serving.workspace) == expected)
    noted = work.steps(serving.workspace)
    case("%s: the same steps, each once" % name, noted == steps, set(noted.items()) ^ set(steps.items()))
    # What a killed client had not yet noted may be run again; what SIGTERM met ended or was ended.
    case("%s: what ended is not run again" % name, serving.runs() <= runs + (kind == "kill"), (serving.runs(), runs))
    case("%s: no try is left" % name, not work.left_over(serving.workspace), work.left_over(serving.workspace))
    serving.gone()
    return took


def strike_all(work, count, times, chance):
    truth, seconds = undisturbed(work, count)
    kinds = ["kill" if number % 3 else "stop" for number in range(times)]
    hits = 0
    for number, kind in enumerate(kinds):
        for _ in range(strikes.TRIES):
            moment = 0.05 + (seconds - 0.05) * (number + chance.random()) / times
            took = struck(work, number + 1, kind, moment, truth)
            hits += took is None
            if took is None:
                break
            seconds = max(0.1, min(seconds, took))  # it was measured on a busier machine
    case("%s: most strikes hit work" % work.words[0], hits >= times * 0.7, (hits, times))
    return truth


def finalized(study):
    return [row["id"] for row in study.must("hospital", "GET", "me/results/?limit=50", None, 200)["results"]
            if row["finalized"]]


def hub_is_away(work, truth, proxy):
    """Stopped while the site works; then started again on the same port."""
    study = work.study
    serving = Serving(work, "away").start()
    case("away: a container runs when the hub goes",
         wait_for(lambda: os.path.isdir(os.path.join(serving.workspace, "runs")), pause=0.005), text_of(serving.said))
    study.hub.process.terminate()
    study.hub.process.wait(180)
    case("away: the site says so and goes on", wait_for(lambda: "next try in" in text_of(serving.said)) and
         serving.process.poll() is None, text_of(serving.said))
    ran = serving.runs()
    study.hub.__enter__()
    goes_on("away", serving, len(truth[3]))
    case("away: same outputs", work.outputs(serving.workspace) == truth[0])
    case("away: nothing is run again", serving.runs() == truth[2], (ran, serving.runs(), truth[2]))
    # The proxy turns everything away: nothing goes round it, and nothing is lost.
    away = len(text_of(serving.said))
    proxy.refuses = True
    wait_for(lambda: proxy.turned_away > 0)
    before = dict(proxy.tunnels)
    case("the proxy refuses: the site says so", wait_for(lambda: "next try in" in text_of(serving.said)[away:]),
         text_of(serving.said)[away:])
    time.sleep(1.5)
    case("the proxy refuses: nothing goes round it", proxy.turned_away > 0 and proxy.tunnels == before, proxy.tunnels)
    proxy.refuses = False
    # A hub that accepts and never answers.
    study.hub.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(4)
        stops_well("a hub that hangs", serving)
    finally:
        study.hub.process.send_signal(signal.SIGCONT)
    print("hub away: %s" % text_of(serving.said).split("\n")[-6:])
    serving.gone()


def person_answers(work, truth):
    """The results are approved at a terminal while the site is served."""
    study = work.study
    serving = Serving(work, "answered").start()
    goes_on("answered", serving, len(truth[3]))
    # A round and the command keep each other off a model, by its lock.
    sent = wait_for(lambda: study.run(serving.workspace, "benchmark", "run", "--yes", "-b", study.benchmark, "-d",
                                      study.dataset, expect=(0, 8, 13, 20)).returncode == 0, pause=0.5)
    case("answered: the person's command sends", sent and len(finalized(study)) == MODELS, finalized(study))
    case("answered: nothing waits any more", wait_for(lambda: not serving.waiting()), serving.waiting())
    case("answered: nobody is told again", len(serving.told()) == len(truth[3]), serving.told())
    case("answered: nothing was run again", serving.runs() == truth[2], (serving.runs(), truth[2]))
    stops_well("answered", serving)
    serving.gone()


def forget_runs(workspace):
    """Back to where nothing was run; the verified images stay."""
    shutil.rmtree(os.path.join(workspace, "runs"), ignore_errors=True)
    for name in os.listdir(os.path.join(workspace, "journal")):
        if name.startswith(("b", "evaluator")):
            os.remove(os.path.join(workspace, "journal", name))


def tests(study, times, chance):
    proxy = connect_proxy.ConnectProxy({real_hub.FAR_HUB: study.hub.port,
                                        real_hub.FAR_FILES: study.server.server.server_address[1]})
    base = study.new_workspace("base", {
        "hub": {"url": "https://%s:%d" % (real_hub.FAR_HUB, study.hub.port), "ca_file": study.hub.cert,
                "retry_seconds": 1},
        "http": {"proxy": proxy.url}, "scheduler": {"shards": SHARDS}, "serve": {"poll_seconds": 1}})
    dataset = study.submit_dataset(base)

    def prepared(workspace):
        return strikes.digests(os.path.join(workspace, "datasets/%d" % dataset), ("data", "labels", "statistics.yaml"))

    def evaluated(workspace):
        return {(model, name): digest for model in study.models for name, digest in study.outputs(workspace, model).items()}
    parts = max(1, times // 3)
    strike_all(strikes.Work(study, base, ["prepare"], 0, prepared), 1, parts, chance)
    study.join(base)
    forget_runs(base)
    run = strikes.Work(study, base, ["infer and evaluate"], 0, evaluated)
    truth = strike_all(run, MODELS, times - parts, chance)
    hub_is_away(run, truth, proxy)
    person_answers(run, truth)
    case("everything went through the proxy, images too", min(proxy.tunnels.values()) > 0 and not proxy.refused,
         (proxy.tunnels, proxy.refused))
    print("through the proxy: %s tunnels, %s bytes" % (proxy.tunnels, proxy.bytes))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("podman"):
        print("skipped: needs root and podman")
        print("0 passed, 0 failed")
        return 0
    seed = options.seed if options.seed is not None else random.randrange(2**31)
    print("seed %d" % seed)
    small_study.Study.file_host, small_study.Study.hub_host = real_hub.FAR_FILES, real_hub.FAR_HUB
    with small_study.Study(real_hub.programs(options.programs), MODELS) as study:
        try:
            tests(study, options.times, random.Random(seed))
        finally:
            for process in Serving.started:
                if process.poll() is None:
                    process.kill()
                    process.wait()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
