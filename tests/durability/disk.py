#!/usr/bin/env python3
"""A full disk and a database that is gone, on either database: the hub answers 503 and says so, loses nothing that it
acknowledged, and goes on by itself once the cause is removed. Needs root (small file systems in memory are mounted).
Usage: disk.py [--programs FOLDER]"""
import argparse, os, pathlib, shutil, subprocess, sys, time

from hub import Folder, Hub, Load, Postgres, Report, check_kept, container, programs_folder, wait_for


class SmallDisk:
    """A file system of a few megabytes, most of them taken by a file that can be removed."""

    def __init__(self, folder, megabytes, ballast):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o755)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "medperf-small", self.folder],
                       check=True)
        self.ballast = self.folder / "ballast"
        self.fill(ballast)

    def fill(self, megabytes):
        self.ballast.write_bytes(b"\0" * (megabytes << 20))

    def free(self):
        self.ballast.unlink()

    def gone(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


def until_full(report, label, hub, load):
    """Writes until the disk is full, and looks at what the hub says then."""
    full = wait_for(lambda: load.count_of(503) > 8, 600, 0.05)
    report.case(f"{label}: 503 when the disk is full", full)
    status, _ = hub.ask("/healthz")
    report.case(f"{label}: the process lives", status == 200, status)


def goes_on(report, label, load):
    before = load.acknowledged()
    went_on = wait_for(lambda: load.acknowledged() > before + 20, 300, 0.05)
    report.case(f"{label}: writes go on without a restart once there is space", went_on)


def full_disk(report, label, hub, disk):
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    load = Load(client)
    until_full(report, label, hub, load)
    reading = client.send("GET", "models/?limit=1")[0]
    report.case(f"{label}: reading still works", reading == 200, reading)
    disk.free()
    goes_on(report, label, load)
    acknowledged = load.end()
    report.case(f"{label}: only clear answers", not load.strange(), load.strange())
    check_kept(report, label, hub, client, acknowledged)


def lost_file(report, folder, programs):
    """The database file is moved away under the running hub, then comes back."""
    label = "sqlite lost"
    hub = Hub(folder / "hub-lost", programs)
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    load = Load(client, writers=2)
    wait_for(lambda: load.acknowledged() > 20)
    away = hub.folder / "away"
    away.mkdir()
    moved = [f for f in hub.folder.iterdir() if f.name.startswith("hub.db")]
    for file in moved:
        file.rename(away / file.name)
    clear = wait_for(lambda: load.count_of(503) > 4)
    report.case(f"{label}: 503 when the file is gone", clear)
    report.case(f"{label}: not ready", wait_for(lambda: hub.ask("/readyz")[0] == 503))
    report.case(f"{label}: no new file in its place", not (hub.folder / "hub.db").exists())
    for file in moved:
        (away / file.name).rename(hub.folder / file.name)
    report.case(f"{label}: ready again when it is back", wait_for(hub.is_ready))
    goes_on(report, label, load)
    acknowledged = load.end()
    report.case(f"{label}: only clear answers", not load.strange(), load.strange())
    check_kept(report, label, hub, client, acknowledged, writers=2)
    hub.stop()
    for file in hub.folder.glob("hub.db*"):
        file.unlink()
    hub.start(wait=False)
    ended = wait_for(lambda: hub.process.poll() is not None)
    report.case(f"{label}: does not start on an empty database in its place", ended and hub.process.returncode == 2,
                hub.process.returncode)
    hub.kill()


def lost_server(report, folder, programs, cluster):
    label = "postgres stopped"
    hub = Hub(folder / "hub-stopped", programs, cluster.make_database("stopped"))
    hub.add_user("writer", admin=True)
    hub.start()
    client = hub.client("writer")
    client.must(201, "POST", "mlcubes/", container("before"))
    cluster.stop()
    status, body = client.send("POST", "mlcubes/", container("meanwhile"))
    report.case(f"{label}: 503 with a sentence", status == 503 and "detail" in (body or {}), (status, body))
    report.case(f"{label}: says when to try again", "Retry-After" in {k.title() for k in client.headers},
                client.headers)
    status, body = client.send("GET", "me/")
    report.case(f"{label}: reads are 503 too", status == 503, (status, body))
    report.case(f"{label}: not ready, but alive", hub.ask("/readyz")[0] == 503 and hub.ask("/healthz")[0] == 200)
    cluster.start()
    report.case(f"{label}: ready again by itself", wait_for(hub.is_ready))
    client.must(201, "POST", "mlcubes/", container("after"))
    names = {row["name"] for row in client.all("mlcubes/")}
    report.case(f"{label}: what was acknowledged is there", {"before", "after"} <= names and "meanwhile" not in names)
    hub.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    given = arguments.parse_args()
    if os.geteuid() != 0:
        print("This test mounts small file systems: run it as root.")
        sys.exit(1)
    programs, report = programs_folder(given.programs), Report()
    with Folder() as folder:
        disks, clusters, hubs = [], [], []
        try:
            disks.append(SmallDisk(folder / "small", 24, 20))
            hubs.append(Hub(folder / "small" / "hub", programs))
            hubs[-1].log = folder / "hub.log"
            full_disk(report, "sqlite full", hubs[-1], disks[-1])
            hubs[-1].stop()
            lost_file(report, folder, programs)
            disks.append(SmallDisk(folder / "small-pg", 128, 1))
            clusters.append(Postgres(folder / "pg", small_data(disks[-1], folder)))
            hubs.append(Hub(folder / "hub-pg", programs, clusters[-1].make_database("hub")))
            used = shutil.disk_usage(disks[-1].folder)
            disks[-1].fill((used.free >> 20) - 3)
            full_disk(report, "postgres full", hubs[-1], disks[-1])
            hubs[-1].stop()
            lost_server(report, folder, programs, clusters[-1])
        finally:
            for hub in hubs:
                hub.stop()
            for cluster in clusters:
                cluster.stop()
            for disk in disks:
                disk.gone()
    report.end()


def small_data(disk, folder):
    """Data of a cluster on the small disk; its write-ahead log lies elsewhere, as a full disk there ends the server."""
    data = disk.folder / "data"
    data.mkdir(mode=0o700)
    return data


if __name__ == "__main__":
    main()
