#!/usr/bin/env python3
"""The security suite: a real hub, attacked over TLS and in plain, on SQLite and PostgreSQL.

MEDPERF_PROGRAMS names the folder of the programs (default: build/release/src/apps)."""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import abuse  # noqa: E402
import transport  # noqa: E402
from closed_groups import closed_groups  # noqa: E402
from credentials import credentials  # noqa: E402
from harness import Cases, Hub, Postgres, World  # noqa: E402
from issuers import issuers  # noqa: E402
from passwords import passwords  # noqa: E402
from privileges import privileges  # noqa: E402
from sessions import sessions  # noqa: E402
from tokens import tokens  # noqa: E402


def signed_in(cases, hub):
    """What a user with an account may try."""
    session = hub.session()
    world = World(session, "a ")
    world.second_model = world.model("vendor", "second model")
    world.result = session.must(201, "hospital", "POST", "results/", {
        "benchmark": world.benchmark, "model": world.vendor_model, "dataset": world.dataset})["id"]
    abuse.filters(cases, session, session.must(200, None, "GET", "/openapi.json"))
    abuse.strings(cases, session, world)
    abuse.json_texts(cases, session, world)
    abuse.mass_assignment(cases, session, world)
    abuse.idempotency(cases, session, world)
    abuse.enumeration(cases, session, world)
    cases.section("signed-in users")
    privileges(cases, hub, session, lambda name, **more: World(session, name + " ", **more))
    closed_groups(cases, session)
    # Each from an address of its own: wrong tries are counted by address too.
    sessions(cases, hub, hub.session("127.0.5.1"))
    credentials(cases, hub, hub.session("127.0.5.2"))


def on_sqlite_over_tls(cases, folder):
    hub = Hub(folder, users=World.USERS + ("guest", "leaver"))
    try:
        tokens(cases, hub)
        signed_in(cases, hub)
        transport.smuggling(cases, hub)
        transport.paths(cases, hub, hub.session())
        transport.sizes(cases, hub, hub.session())
        transport.tls(cases, hub)
        cases.section("the wire, over TLS")
        abuse.logs(cases, hub, hub.session())
        cases.check("the hub is still there", hub.alive())
    finally:
        hub.stop()


def on_postgres_in_plain(cases, folder):
    postgres = Postgres()
    if not postgres.usable:
        print("skip PostgreSQL: its server programs are not installed")
        return
    try:
        hub = Hub(folder, tls=False, postgres=postgres, users=World.USERS + ("guest",))
        try:
            signed_in(cases, hub)
            transport.smuggling(cases, hub)
            transport.paths(cases, hub, hub.session())
            cases.check("the hub on PostgreSQL is still there", hub.alive())
        finally:
            hub.stop()
        postgres.sql("DROP SCHEMA public CASCADE")
        postgres.sql("CREATE SCHEMA public")
        with tempfile.TemporaryDirectory(prefix="medperf-security-") as another:
            issuers(cases, another, postgres)
    finally:
        postgres.stop()


def without_limits(cases, folder):
    hub = Hub(folder, tls=False, users=("group", "gone", "locked"), settings={"LIMITS_ANONYMOUS_RATE": 0})
    try:
        passwords(cases, hub, hub.session())
        cases.check("the hub without limits is still there", hub.alive())
    finally:
        hub.stop()


def with_low_limits(cases, folder):
    hub = Hub(folder, tls=False, users=("group", "hospital"), settings={
        "HTTP_REQUEST_TIMEOUT": 20, "LIMITS_USER_RATE": 1000, "LIMITS_USER_BURST": 1000})
    try:
        transport.slow_clients(cases, hub)
    finally:
        hub.stop()
    hub.settings.update({"LIMITS_USER_RATE": 1, "LIMITS_USER_BURST": 20, "LIMITS_ANONYMOUS_RATE": 1, "LIMITS_ANONYMOUS_BURST": 3})
    hub.start()
    try:
        transport.rates(cases, hub, hub.session())
        cases.check("the hub with low limits is still there", hub.alive())
    finally:
        hub.stop()
    cases.section("limits")


def main():
    cases = Cases()
    for part in (on_sqlite_over_tls, issuers, on_postgres_in_plain, without_limits, with_low_limits):
        with tempfile.TemporaryDirectory(prefix="medperf-security-") as folder:
            try:
                part(cases, folder)
            except (RuntimeError, OSError) as problem:
                cases.check(part.__name__.replace("_", " "), False, problem)
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
