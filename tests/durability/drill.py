#!/usr/bin/env python3
"""The administrator's drill on real programs: backups while the hub serves, restored elsewhere and checked; a move from
SQLite to PostgreSQL; an upgrade from every schema; an existing hub taken over; a rolling restart of two hubs that
nobody notices. With --old-programs, those of an earlier version, also an upgrade from them under load.
Usage: drill.py [--programs FOLDER] [--old-programs FOLDER]"""
import argparse, json, pathlib, stat, subprocess, time

from fill import code_of
from hub import PASSWORD, Client, Folder, Hub, Load, Postgres, Report, container, model, programs_folder, wait_for
from takeover import take_over
from upgrade import FIXTURES, upgrade

LISTS = ("mlcubes/", "models/", "benchmarks/", "datasets/", "results/", "users/")


def state(client):
    return {path: sorted(client.all(path), key=lambda row: row["id"]) for path in LISTS}


def restored(folder, programs, name, archive, postgres=None):
    """A new hub elsewhere that took the backup."""
    hub = Hub(folder / name, programs, postgres)
    hub.run("restore", "--from", archive)
    return hub


def backups_under_load(report, folder, programs, cluster, postgres, label):
    hub = Hub(folder / label, programs, postgres)
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    load = Load(client)
    wait_for(lambda: load.acknowledged() > 30)
    archives = []
    for i in range(3):
        before = set().union(*(set(w.acknowledged) for w in load.writers))
        archive = folder / f"{label}-{i}.backup"
        hub.run("backup", "--to", archive)
        archives.append((archive, before))
    wait_for(lambda: load.acknowledged() > len(archives[-1][1]))
    acknowledged = load.end()
    report.case(f"{label}: writes went on meanwhile", len(acknowledged) > len(archives[-1][1]))
    report.case(f"{label}: no write was refused because of it", load.count_of(503) == 0 and not load.strange(),
                load.strange())
    report.case(f"{label}: backups are private", all(stat.S_IMODE(a.stat().st_mode) == 0o600 for a, _ in archives))
    for i, (archive, before) in enumerate(archives):
        copy = restored(folder, programs, f"{label}-copy-{i}", archive)
        copy.start()
        reader = copy.client("writer")
        names = {row["name"]: row for row in reader.all("models/")}
        report.case(f"{label}: backup {i} holds what was acknowledged before it", before <= set(names),
                    list(before - set(names))[:3])
        report.case(f"{label}: backup {i} is of one moment",
                    all(row["container"]["name"] == f"{n} container" for n, row in names.items())
                    and len(reader.all("mlcubes/")) == len(names) + 1 and copy.run("check").returncode == 0)
        copy.stop()
    final = folder / f"{label}-final.backup"
    hub.run("backup", "--to", final)
    moved = restored(folder, programs, f"{label}-moved", final, cluster.make_database(f"moved_{label}"))
    moved.start()
    same = state(client) == state(moved.client("writer"))
    report.case(f"{label}: everything is the same on a new hub on PostgreSQL", same)
    refused = moved.run("restore", "--from", final, check=False)
    report.case(f"{label}: a hub in use is not overwritten", refused.returncode == 12, refused.stderr)
    broken = folder / f"{label}-broken.backup"
    data = bytearray(final.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    refused = moved.run("restore", "--from", broken, "--force", check=False)
    report.case(f"{label}: a changed backup is refused", refused.returncode in (2, 11), refused.stderr)
    report.case(f"{label}: and nothing changed", state(client) == state(moved.client("writer")))
    moved.stop()
    hub.stop()


def keys_beside_the_backup(report, folder, programs):
    """What a backup does not hold: the keys that sign tokens and seal second factors."""
    hub = Hub(folder / "sealed", programs)
    hub.add_user("doctor")
    hub.start()
    doctor = hub.client("doctor")
    secret = doctor.must(200, "POST", "me/second_factor/", {})["secret"]
    recovery = doctor.must(200, "POST", "me/second_factor/confirm/", {"code": code_of(secret)})["recovery_codes"]
    archive = folder / "sealed.backup"
    hub.run("backup", "--to", archive)
    hub.stop()
    sign_in = {"username": "doctor", "password": PASSWORD}
    for label, keys in (("with the keys", ("jwt.pem", "secrets.key")), ("without them", ())):
        moved = restored(folder, programs, f"sealed {label}".replace(" ", "-"), archive)
        for key in keys:
            (moved.folder / key).write_bytes((hub.folder / key).read_bytes())
        moved.start()
        visitor = Client(moved.port, "doctor", doctor.token)
        status, _ = visitor.send("GET", "me/")
        report.case(f"restored {label}: tokens that were given are {'good' if keys else 'refused'}",
                    status == (200 if keys else 401), status)
        visitor.token = None
        status, body = visitor.send("POST", "auth/login", {**sign_in, "code": code_of(secret, 1)})
        report.case(f"restored {label}: codes of second factors {'are good' if keys else 'let nobody in'}",
                    status in ((200,) if keys else (401, 503)), (status, body))
        status, body = visitor.send("POST", "auth/login", {**sign_in, "code": recovery[0]})
        report.case(f"restored {label}: recovery codes are good", status == 200, (status, body))
        moved.stop()


def taken_over(report, folder, programs):
    """A hub is read through its API into a new one, which is stopped in the middle and goes on."""
    source = restored(folder, programs, "old", FIXTURES / "schema-0001.backup")
    source.start()
    admin = source.client("admin")
    for i in range(450):
        admin.must(201, "POST", "mlcubes/", container(f"many {i}"))
    token = folder / "token"
    token.write_text(admin.token + "\n")
    token.chmod(0o600)
    words = ["import", "--from-url", f"http://127.0.0.1:{source.port}", "--token-file", token, "--json"]
    hub = Hub(folder / "new", programs)
    trial = json.loads(hub.run(*words, "--dry-run").stdout)
    users = json.loads(hub.run("user", "list", "--json").stdout)
    report.case("import: a trial changes nothing", trial["dry_run"] and len(users) == 1, users)
    running = subprocess.Popen([hub.program, *map(str, words), "--config", hub.config], stdout=subprocess.DEVNULL)
    time.sleep(0.25)
    running.kill()
    running.wait()
    report.case("import: killed in the middle, the database is sound", hub.run("check").returncode == 0)
    done = json.loads(hub.run(*words).stdout)
    taken = {k: v["taken"] + v["already_there"] for k, v in done["entities"].items()}
    report.case("import: run again, everything is there", all(
        taken[k] == v["seen"] and not v["refused"] for k, v in done["entities"].items()), done["entities"])
    again = json.loads(hub.run(*words).stdout)
    report.case("import: a repeat takes nothing", sum(v["taken"] for v in again["entities"].values()) == 0,
                again["entities"])
    # Nobody's password comes along: the admin gets one here.
    hub.run("backup", "--to", folder / "new.backup")
    rows = sum(1 for _ in open(folder / "new.backup"))
    report.case("import: the log tells of it", '\\"kind\\":\\"hub.import.rows\\"' in (folder / "new.backup").read_text()
                and rows > 450)
    secrets = [admin.token, PASSWORD]
    report.case("import: and holds no secret", not any(s in (folder / "new.backup").read_text() for s in secrets))
    wrong = folder / "wrong"
    wrong.write_text("not.a.token\n")
    refused = hub.run("import", "--from-url", f"http://127.0.0.1:{source.port}", "--token-file", wrong, check=False)
    report.case("import: a wrong token is named", refused.returncode == 4 or "token" in refused.stderr, refused.stderr)
    source.stop()


def rolling_restart(report, folder, programs, cluster):
    """Two hubs on one PostgreSQL; each is replaced in turn, and `migrate` runs, while clients write to both."""
    settings = cluster.make_database("rolling")
    first = Hub(folder / "rolling-1", programs, settings)
    first.add_user("writer", admin=True)
    second = Hub(folder / "rolling-2", programs, settings)
    (second.folder / "jwt.pem").write_bytes((first.folder / "jwt.pem").read_bytes())
    hubs = [first.start(), second.start()]
    client = first.client("writer")
    loads = [Load(client.twin(hub.port), writers=2, label=f"load-{i}") for i, hub in enumerate(hubs)]
    codes = []
    for hub in hubs * 2:
        time.sleep(0.3)
        codes.append(hub.stop())
        first.run("migrate")
        hub.start()
    time.sleep(0.3)
    acknowledged = {}
    for load in loads:
        acknowledged.update(load.end())
    report.case("rolling: each process ended with 0", codes == [0] * 4, codes)
    report.case("rolling: nobody got an unclear answer", not any(load.strange() for load in loads),
                [load.strange() for load in loads])
    names = {row["name"]: row["id"] for row in first.client("writer").all("models/")}
    lost = [n for n, i in acknowledged.items() if names.get(n) != i]
    report.case(f"rolling: all {len(acknowledged)} acknowledged writes are there", acknowledged and not lost, lost[:3])
    report.case("rolling: the log's chain holds", first.run("check").returncode == 0)
    for hub in hubs:
        hub.stop()


def upgrade_under_load(report, folder, old, new, cluster):
    """Two hubs of earlier programs on one PostgreSQL, and one on SQLite: the schema is brought up and each process is
    replaced while clients write."""
    settings = cluster.make_database("upgraded")
    first = Hub(folder / "upgraded-1", old, settings)
    first.add_user("writer", admin=True)
    second = Hub(folder / "upgraded-2", old, settings)
    (second.folder / "jwt.pem").write_bytes((first.folder / "jwt.pem").read_bytes())
    alone = Hub(folder / "upgraded-3", old)
    alone.add_user("writer", admin=True)
    for label, hubs in (("upgrade on postgres", (first, second)), ("upgrade on sqlite", (alone,))):
        before = json.loads(hubs[0].run("check", "--json").stdout)["schema"]
        client = [hub.start() for hub in hubs][0].client("writer")
        loads = [Load(client.twin(hub.port), writers=2, label=f"load-{i}") for i, hub in enumerate(hubs)]
        wait_for(lambda: all(load.acknowledged() > 20 for load in loads))
        for hub in hubs:
            hub.program = new / "medperf-hub"
        after = json.loads(hubs[0].run("migrate", "--json").stdout)["schema"]
        time.sleep(0.3)
        for hub in hubs:
            hub.stop()
            hub.start()
            time.sleep(0.3)
        acknowledged = {}
        for load in loads:
            acknowledged.update(load.end())
        report.case(f"{label}: from schema {before} to {after}", after >= before)
        report.case(f"{label}: nobody got an unclear answer", not any(load.strange() for load in loads),
                    [load.strange() for load in loads])
        names = {row["name"]: row["id"] for row in hubs[0].client("writer").all("models/")}
        lost = [n for n, i in acknowledged.items() if names.get(n) != i]
        report.case(f"{label}: all {len(acknowledged)} acknowledged writes are there", acknowledged and not lost, lost[:3])
        report.case(f"{label}: sound", hubs[0].run("check", check=False).returncode == 0)
        for hub in hubs:
            hub.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    arguments.add_argument("--old-programs", type=pathlib.Path)
    given = arguments.parse_args()
    programs, report = programs_folder(given.programs), Report()
    with Folder() as folder:
        cluster = Postgres(folder / "pg")
        try:
            backups_under_load(report, folder, programs, cluster, None, "sqlite")
            backups_under_load(report, folder, programs, cluster, cluster.make_database("source"), "postgres")
            keys_beside_the_backup(report, folder, programs)
            upgrade(report, folder, programs, cluster)
            taken_over(report, folder, programs)
            take_over(report, folder, programs, cluster)
            rolling_restart(report, folder, programs, cluster)
            if given.old_programs:
                upgrade_under_load(report, folder, programs_folder(given.old_programs), programs, cluster)
        finally:
            cluster.stop()
    report.end()


if __name__ == "__main__":
    main()
