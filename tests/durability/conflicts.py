#!/usr/bin/env python3
"""Two hub processes on one PostgreSQL, fifty clients that write in conflict: every rule holds and no update is lost.
Usage: conflicts.py [--clients N] [--programs FOLDER]"""
import argparse, collections, json, threading, time

from hub import Folder, Hub, Postgres, Report, benchmark, container, dataset, model, programs_folder


class Crowd:
    """Clients of both hubs, alternating, that all do the same thing at the same moment."""

    def __init__(self, hubs, users, size):
        self.members = [users[i % len(users)].twin(hubs[i % len(hubs)].port) for i in range(size)]

    def at_once(self, call):
        """Counts of statuses; `call(client, i)` gives (status, body). 503 and lost connections are tried again."""
        answers = [None] * len(self.members)
        barrier = threading.Barrier(len(self.members))

        def run(i):
            barrier.wait()
            for _ in range(2000):
                answers[i] = call(self.members[i], i)
                if answers[i][0] not in (0, 503):
                    return
                time.sleep(0.05)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(self.members))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return collections.Counter(answer[0] for answer in answers), answers


def exactly(report, name, counts, wanted, size):
    """One success of status `wanted`; everybody else was refused by the rule."""
    refused = counts.get(400, 0) + counts.get(409, 0)
    report.case(name, counts.get(wanted, 0) == 1 and refused == size - 1, dict(counts))


def unique_rules(report, crowd, size, parts):
    counts, _ = crowd.at_once(lambda c, i: c.send("POST", "mlcubes/", container("one name")))
    exactly(report, "one container of a name", counts, 201, size)
    counts, _ = crowd.at_once(lambda c, i: c.send("POST", "models/", model("one model")))
    exactly(report, "one model of a name", counts, 201, size)
    owner = crowd.members[0]
    left = [row["name"] for row in owner.all("mlcubes/") if row["name"].startswith("one model")]
    report.case("and no container of those that were refused", left == ["one model container"], left)
    counts, _ = crowd.at_once(lambda c, i: c.send(
        "POST", "benchmarks/", benchmark(f"pending {i}", parts["preparation"], parts["reference"], parts["evaluator"])))
    exactly(report, "one pending benchmark of an owner", counts, 201, size)
    pending = [b for b in owner.all("me/benchmarks/") if b["approval_status"] == "PENDING"]
    report.case("and one is stored", len(pending) == 1, len(pending))


def dataset_rule(report, crowd, size, parts):
    ids = []
    for i in range(8):
        body = dataset(f"data {i}", parts["preparation"]) | {"generated_uid": "the same"}
        ids.append(crowd.members[0].must(201, "POST", "datasets/", body)["id"])
    counts, _ = crowd.at_once(lambda c, i: c.send("PUT", f"datasets/{ids[i % 8]}/", {"state": "OPERATION"}))
    stored = [d["id"] for d in crowd.members[0].all("me/datasets/") if d["state"] == "OPERATION"]
    report.case("one dataset in operation of a generated uid", len(stored) == 1, (stored, dict(counts)))
    return stored[0]


def association_rules(report, crowd, size, parts, chosen):
    owner = crowd.members[0]
    pair = {"dataset": chosen, "benchmark": parts["benchmark"], "metadata": {}}
    counts, _ = crowd.at_once(lambda c, i: c.send("POST", "datasets/benchmarks/", pair))
    exactly(report, "one pending request of a pair", counts, 201, size)
    group = Crowd.__new__(Crowd)
    group.members = [parts["group"].twin(c.port) for c in crowd.members]
    path = f"datasets/{chosen}/benchmarks/{parts['benchmark']}/"
    counts, _ = group.at_once(lambda c, i: c.send(
        "PUT", path, {"approval_status": "APPROVED" if i % 2 else "REJECTED"}))
    exactly(report, "one decision on a request", counts, 200, size)
    rows = owner.must(200, "GET", path)
    report.case("the history has one row, decided", len(rows) == 1 and rows[0]["approval_status"] != "PENDING", rows)


def counted_updates(report, crowd, size):
    """Read, add one, write with If-Match: as many as were accepted must be in the sum."""
    target = crowd.members[0].must(201, "POST", "mlcubes/", container("counted"))["id"]
    path = f"mlcubes/{target}/"
    crowd.members[0].must(200, "PUT", path, {"user_metadata": {"n": 0}})
    status, _ = crowd.members[0].send("GET", path)
    tag = {k.lower(): v for k, v in crowd.members[0].headers.items()}.get("etag")
    if not report.case("an object has an ETag", status == 200 and tag):
        return
    accepted = [0] * size

    def add(client, i):
        for _ in range(4000):
            status, row = client.send("GET", path)
            if status != 200:
                continue
            tag = {k.lower(): v for k, v in client.headers.items()}["etag"]
            status, body = client.send("PUT", path, {"user_metadata": {"n": row["user_metadata"]["n"] + 1}},
                                       {"If-Match": tag})
            if status == 200:
                accepted[i] += 1
                return status, body
            if status not in (412, 503, 0):
                return status, body
            time.sleep(0.01 * (i % 7))
        return 599, "never accepted"

    counts, answers = crowd.at_once(add)
    total = crowd.members[0].must(200, "GET", path)["user_metadata"]["n"]
    report.case("no update is lost with If-Match", total == sum(accepted) == size,
                (total, sum(accepted), dict(counts), [a for a in answers if a[0] != 200][:2]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=50)
    arguments.add_argument("--programs")
    given = arguments.parse_args()
    programs, report, size = programs_folder(given.programs), Report(), given.clients
    with Folder() as folder:
        cluster, hubs = Postgres(folder / "pg"), []
        try:
            settings = cluster.make_database("hub")
            hubs.append(Hub(folder / "hub-1", programs, settings))
            for name in ("hospital", "group"):
                hubs[0].add_user(name)
            hubs[0].add_user("admin", admin=True)
            hubs[0].start()
            hubs.append(Hub(folder / "hub-2", programs, settings))
            # Both sign with the same key, so that a token of one is good at the other.
            (hubs[1].folder / "jwt.pem").write_bytes((hubs[0].folder / "jwt.pem").read_bytes())
            hubs[1].start()
            hospital, group, admin = (hubs[0].client(n) for n in ("hospital", "group", "admin"))
            parts = {"group": group}
            parts["preparation"] = group.must(201, "POST", "mlcubes/", container("preparation"))["id"]
            parts["evaluator"] = group.must(201, "POST", "mlcubes/", container("evaluator"))["id"]
            parts["reference"] = group.must(201, "POST", "models/", model("reference"))["id"]
            parts["benchmark"] = group.must(201, "POST", "benchmarks/", benchmark(
                "approved", parts["preparation"], parts["reference"], parts["evaluator"]))["id"]
            admin.must(200, "PUT", f"benchmarks/{parts['benchmark']}/", {"approval_status": "APPROVED"})
            crowd = Crowd(hubs, [hospital], size)
            unique_rules(report, crowd, size, parts)
            chosen = dataset_rule(report, crowd, size, parts)
            association_rules(report, crowd, size, parts, chosen)
            counted_updates(report, crowd, size)
            checked = hubs[0].run("check", "--json", check=False)
            report.case("the log's chain holds", checked.returncode == 0, checked.stderr)
        finally:
            for hub in hubs:
                hub.stop()
            cluster.stop()
    report.end()


if __name__ == "__main__":
    main()
