#!/usr/bin/env python3
"""nginx, configured by the example in deploy/nginx, in front of two hubs on one PostgreSQL: no request needs a certain
hub, and stopping, killing and starting either loses nothing. Usage: proxy.py [--programs FOLDER]"""
import argparse, json, pathlib, shutil, ssl, subprocess, sys, time

from hub import (TOP, Client, Folder, Hub, Load, Postgres, Report, check_kept, container, free_port, programs_folder,
                 wait_for)


class Nginx:
    """The example's own text with the ports and files of this test."""

    def __init__(self, folder, hubs):
        self.folder = folder / "nginx"
        self.folder.mkdir()
        self.port, plain = free_port(), free_port()
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                               "-nodes", "-keyout", self.folder / "key", "-out", self.folder / "pem", "-days", "2",
                               "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], capture_output=True)
        assert done.returncode == 0, done.stderr
        site = (TOP / "deploy/nginx/medperf-hub.conf").read_text()
        for old, new in (("127.0.0.1:8001", f"127.0.0.1:{hubs[0].port}"), ("127.0.0.1:8002", f"127.0.0.1:{hubs[1].port}"),
                         ("listen 443", f"listen 127.0.0.1:{self.port}"), ("listen 80", f"listen 127.0.0.1:{plain}"),
                         ("hub.example.org;", "localhost;"),
                         ("/etc/ssl/certs/hub.example.org.pem", f"{self.folder}/pem"),
                         ("/etc/ssl/private/hub.example.org.key", f"{self.folder}/key")):
            assert old in site, old
            site = site.replace(old, new)
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log warn;\n"
                          f"worker_processes 1; events {{ worker_connections 256; }}\n"
                          f"http {{ access_log off; {temporary}\n{site}\n}}\n")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([program, "-c", config, "-p", self.folder], stderr=subprocess.DEVNULL)
        self.tls = ssl.create_default_context(cafile=self.folder / "pem")

    def client(self, name, token=None):
        return Client(self.port, name, token, self.tls)

    def stop(self):
        self.process.terminate()
        self.process.wait(120)


def served_by_both(report, proxy, hubs, writer):
    """A token of one hub is good at the other, through the proxy, with links that name the proxy."""
    for hub in hubs:
        counts = hub.ask("/metrics", hub.watch_port)[1]
        hub.before = counts.count("\n")
    for i in range(20):
        writer.must(201, "POST", "mlcubes/", container(f"spread {i}"))
    page = writer.must(200, "GET", "mlcubes/?limit=2")
    report.case("links name the proxy", page["next"].startswith("https://localhost"), page["next"])
    used = [hub.ask("/metrics", hub.watch_port)[1] for hub in hubs]
    report.case("both hubs served", all('operation="mlcubes_create",status="201"' in text for text in used))
    report.case("metrics are not shown to the world", proxy_status(proxy, writer, "/metrics") == 404)
    large = writer.twin()
    status, _ = large.send("POST", "mlcubes/", container("large") | {"user_metadata": "x" * (17 << 20)})
    report.case("a body that is too large is refused by 413", status == 413, status)


def proxy_status(proxy, writer, path):
    import http.client
    connection = http.client.HTTPSConnection("localhost", proxy.port, timeout=180, context=proxy.tls)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def one_goes(report, proxy, hubs, writer):
    load = Load(writer, writers=4)
    wait_for(lambda: load.acknowledged() > 20)
    before = load.count_of(502)
    code = hubs[0].stop()
    during = load.acknowledged()
    went_on = wait_for(lambda: load.acknowledged() > during + 4)
    report.case("writes go on while one is stopped", went_on and code == 0, (went_on, code))
    report.case("stopping one is hardly noticed", load.count_of(502) - before <= 4, load.count_of(502) - before)
    hubs[0].start()
    time.sleep(0.5)
    hubs[1].kill()
    during = load.acknowledged()
    went_on = wait_for(lambda: load.acknowledged() > during + 10)
    report.case("writes go on after one was killed", went_on)
    hubs[1].start()
    time.sleep(0.5)
    acknowledged = load.end()
    report.case("only clear answers", not load.strange(), load.strange())
    check_kept(report, "proxy", hubs[0], writer, acknowledged)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    programs, report = programs_folder(arguments.parse_args().programs), Report()
    with Folder() as folder:
        cluster, hubs, proxy = Postgres(folder / "pg"), [], None
        try:
            settings = cluster.make_database("hub")
            for i in range(2):
                hub = Hub(folder / f"hub-{i}", programs, settings)
                hub.config.write_text(hub.config.read_text().replace(
                    "http:\n", "http:\n  trust_forwarded: true\n  drain_notice: 0\n", 1))
                hubs.append(hub)
            (hubs[1].folder / "jwt.pem").write_bytes((hubs[0].folder / "jwt.pem").read_bytes())
            hubs[0].add_user("writer", admin=True)
            for hub in hubs:
                hub.start()
            proxy = Nginx(folder, hubs)
            writer = proxy.client("writer")
            ready = wait_for(lambda: writer.send("POST", "auth/login", {})[0] == 400)
            if report.case("nginx takes the example's configuration", ready,
                           (proxy.folder / "error.log").read_text()[-500:]):
                writer.sign_in()
                served_by_both(report, proxy, hubs, writer)
                one_goes(report, proxy, hubs, writer)
        finally:
            if proxy:
                proxy.stop()
            for hub in hubs:
                hub.stop()
            cluster.stop()
    report.end()


if __name__ == "__main__":
    main()
