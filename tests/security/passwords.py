"""Passwords: what the time of a refusal tells, and a flood of sign-ins. On a hub without a limit on attempts."""
import statistics
import threading
import time

from harness import PASSWORD, processor_seconds

ROUNDS = 24
SLOWER = 1.5  # by the clock; without its hash a refusal is ten times faster and more
DEARER = 1.3  # by processor time, which a busy machine moves less


def measured(hub, session, tries):
    """The lower quartile of the times by the clock and the median of processor times, a pair for each of `tries`.

    One of each in turn, the order turned each round: whatever else the machine does falls on all alike. The quartile, because
    others' work only makes things slower."""
    clocks, processors = {name: [] for name in tries}, {name: [] for name in tries}
    names = list(tries)
    for i in range(ROUNDS):
        hub.sql("DELETE FROM login_attempts WHERE subject NOT LIKE 'name locked%'")
        for name in names[i % len(names):] + names[:i % len(names)]:
            used, begun = processor_seconds(hub), time.perf_counter()
            answer = session.call(None, "POST", "auth/login", tries[name])
            clocks[name].append(time.perf_counter() - begun)
            processors[name].append(processor_seconds(hub) - used)
            if answer.status != 401:
                raise RuntimeError(f"{name}: {answer}")
    return {name: (statistics.quantiles(clocks[name], n=4)[0], statistics.median(processors[name])) for name in names}


def alike(cases, title, times):
    for which, (unit, bound, moved) in enumerate((("by the clock", SLOWER, 0.02), ("by processor time", DEARER, 0.005))):
        values = {name: pair[which] for name, pair in times.items()}
        least, most = min(values.values()), max(values.values())
        shown = ", ".join(f"{name} {value * 1000:.1f} ms" for name, value in values.items())
        print(f"     {title} {unit}: {shown}")
        # Some milliseconds are what a busy machine moves; a hash takes seventy.
        cases.check(f"{title}: names cannot be told apart {unit}", most < bound * least + moved, shown)


def timing(cases, hub, session):
    number = hub.sql("SELECT id FROM users WHERE username = 'gone'").strip()
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": False})
    wrong = {"password": "a wrong password"}
    times = measured(hub, session, {
        "a known name": {"username": "group", **wrong}, "an unknown one": {"username": "nobody", **wrong},
        "a disabled user": {"username": "gone", **wrong}, "with the right password": {"username": "gone", "password": PASSWORD},
        "an account without password": {"username": "superuser", **wrong}})
    alike(cases, "sign-in", times)
    cases.check("a refusal costs a hash", min(processor for _, processor in times.values()) > 0.02, times)
    for name in ("locked", "locked out of nowhere"):
        for _ in range(10):
            session.call(None, "POST", "auth/login", {"username": name, **wrong})
            hub.sql("DELETE FROM login_attempts WHERE subject NOT LIKE 'name locked%'")
    alike(cases, "locked", measured(hub, session, {
        "a known name": {"username": "locked", **wrong}, "with the right password": {"username": "locked", "password": PASSWORD},
        "an unknown one": {"username": "locked out of nowhere", **wrong}}))


class Flood:
    """48 clients from as many addresses, each signing in anew as soon as it may."""

    def __init__(self, hub):
        self.hub, self.over, self.answers, self.lock = hub, threading.Event(), [], threading.Lock()
        self.threads = [threading.Thread(target=self.client, args=(i,)) for i in range(48)]

    def client(self, number):
        session = self.hub.session(f"127.0.6.{number + 1}")
        while not self.over.is_set():
            begun = time.perf_counter()
            answer = session.call(None, "POST", "auth/login", {"username": f"flood {number}", "password": "a wrong password"})
            with self.lock:
                self.answers.append((answer.status, time.perf_counter() - begun, answer.headers.get("retry-after")))
            self.over.wait(0.25 if answer.status == 503 else 0)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def peak_memory(hub):
    with open(f"/proc/{hub.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def flood(cases, hub, session):
    lists = []
    with Flood(hub) as clients:
        begun, enough = time.time(), lambda: len(lists) >= 20 and sum(status == 401 for status, _, _ in clients.answers) >= 8
        while time.time() < begun + 6 or not enough() and time.time() < begun + 180:
            asked = time.perf_counter()
            status = session.call("group", "GET", "benchmarks/").status
            lists.append((status, time.perf_counter() - asked))
            time.sleep(0.01)
    served = [wait for status, wait, _ in clients.answers if status == 401]
    refused = [again for status, _, again in clients.answers if status == 503]
    cases.check("a flood of sign-ins: some are answered, others told to come again", len(served) >= 8 and refused, (len(served), len(refused)))
    cases.check("the refused are told when", all(again and int(again) >= 1 for again in refused), refused[:3])
    cases.check("nothing else happens to them", all(status in (401, 503) for status, _, _ in clients.answers), {status for status, _, _ in clients.answers})
    cases.check("lists are answered meanwhile", len(lists) >= 20 and all(status == 200 for status, _ in lists), lists[:5])
    one, other = (statistics.median(times) if times else 99 for times in ([wait for _, wait in lists], served))
    cases.check("and do not wait in the line", one < 0.4 * other, f"lists {one * 1000:.1f} ms, sign-ins {other * 1000:.1f} ms")
    cases.check("in bounded memory", peak_memory(hub) < 300, f"{peak_memory(hub):.0f} MiB")
    print(f"     flood of sign-ins: {len(served)} answered after {other * 1000:.0f} ms, {len(refused)} told to come again; lists after {one * 1000:.1f} ms; at most {peak_memory(hub):.0f} MiB")
    answer = session.call(None, "POST", "auth/login", {"username": "group", "password": PASSWORD})
    cases.equal("afterwards one signs in", answer.status, 200)


def passwords(cases, hub, session):
    timing(cases, hub, session)
    flood(cases, hub, session)
    cases.section("passwords")
