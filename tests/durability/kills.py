#!/usr/bin/env python3
"""kill -9 under write load: the hub on either database, and PostgreSQL under the hub. Every acknowledged write is
there afterwards, no half state, the log's chain holds; while the database is down the hub says so and comes back by
itself. Usage: kills.py [--times N] [--programs FOLDER]"""
import argparse, random, time

from hub import Folder, Hub, Load, Postgres, Report, check_kept, programs_folder, wait_for


def kill_hub(report, folder, programs, times, postgres, label):
    hub = Hub(folder / f"hub-{label}", programs, postgres)
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    load = Load(client)
    slowest = 0.0
    for _ in range(times):
        time.sleep(random.uniform(0.05, 0.5))
        hub.kill()
        begin = time.monotonic()
        hub.start()
        slowest = max(slowest, time.monotonic() - begin)
    before = load.acknowledged()
    went_on = wait_for(lambda: load.acknowledged() > before)
    acknowledged = load.end()
    report.case(f"{label}: writes go on", went_on)
    report.case(f"{label}: only clear answers", not load.strange(), load.strange())
    print(f"     {label}: ready again after at most {slowest:.2f} s")
    report.case(f"{label}: soon ready again after each of {times} kills", slowest < 30, f"{slowest:.1f} s")
    check_kept(report, label, hub, client, acknowledged)
    hub.stop()


def is_away(hub):
    status, body = hub.ask("/readyz")
    return status == 503 and "database" in body


def kill_postgres(report, folder, programs, times, cluster):
    label = "postmaster"
    hub = Hub(folder / "hub-postmaster", programs, cluster.make_database("postmaster"))
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    load = Load(client)
    unclear = not_back = 0
    for _ in range(times):
        time.sleep(random.uniform(0.05, 0.4))
        cluster.kill()
        unclear += not wait_for(lambda: is_away(hub), 60)
        wait_for(lambda: load.count_of(503) > 0, 60)
        cluster.start()
        not_back += not wait_for(hub.is_ready)
    before = load.acknowledged()
    wait_for(lambda: load.acknowledged() > before + 8)
    after = load.acknowledged()
    acknowledged = load.end()
    report.case(f"{label}: /readyz says that the database is away", unclear == 0, f"{unclear} of {times}")
    report.case(f"{label}: ready again by itself each time", not_back == 0, f"{not_back} of {times}")
    report.case(f"{label}: writes go on", after > before, (before, after))
    report.case(f"{label}: 503 meanwhile", load.count_of(503) > 0)
    report.case(f"{label}: only clear answers", not load.strange(), load.strange())
    report.case(f"{label}: the hub was not restarted", hub.process.poll() is None)
    check_kept(report, label, hub, client, acknowledged)
    hub.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--times", type=int, default=20)
    arguments.add_argument("--programs")
    given = arguments.parse_args()
    programs, report = programs_folder(given.programs), Report()
    with Folder() as folder:
        cluster = Postgres(folder / "pg")
        try:
            kill_hub(report, folder, programs, given.times, None, "sqlite")
            kill_hub(report, folder, programs, given.times, cluster.make_database("hub"), "postgres")
            kill_postgres(report, folder, programs, given.times, cluster)
        finally:
            cluster.stop()
    report.end()


if __name__ == "__main__":
    main()
