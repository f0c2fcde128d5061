"""The wire: smuggled, bent, slow, oversized and too many requests; TLS."""
import concurrent.futures
import http.client
import os
import re
import socket
import ssl
import subprocess
import time

from harness import PROGRAMS, processor_seconds


def status_of(reply):
    return int(reply[9:12]) if reply.startswith(b"HTTP/1.1 ") else 0


def smuggling(cases, hub):
    token = hub.token("group")
    hidden = b"DELETE /api/v0/hidden HTTP/1.1\r\nHost: h\r\n\r\n"
    head = f"POST /api/v0/mlcubes/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    lines = ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 2", "Content-Length: 2\r\nContent-Length: 2",
             "Content-Length: 2\r\nContent-Length: 44", "Content-Length: 2, 2", "Content-Length: 2,44", "Content-Length: +2", "Content-Length: -2", "Content-Length: 0x2",
             "Content-Length: 2 ", "Content-Length:  2\t", "Content-Length: 2e0", "Content-Length: 99999999999999999999", "Content-Length: two", "Content-Length:",
             "Content-Length : 2", "Content-Length\t: 2", " Content-Length: 2", "X: y\r\n Content-Length: 2", "X: y\r\n\tfolded", "X: y\n Content-Length: 2",
             "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding:\x0bchunked",
             "Transfer-Encoding : chunked", "Transfer-Encoding\r\n : chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1", "Host: evil.test",
             "X: a\rb", "X: a\0b", "X: \x01", "X\0: a", "X", ": x", "X Y: z", "Content-Length: 2\nX: y"]
    for line in lines:
        harmless = line in ("Content-Length: 2 ", "Content-Length:  2\t")  # white space around a value is lawful
        close = b"\r\nConnection: close" if harmless else b""
        reply = hub.raw(head.encode() + line.encode("latin-1") + close + b"\r\n\r\n{}" + hidden)
        allowed = (400,) if not harmless else (400, 401, 403)
        cases.check(f"smuggling: {line!r}", status_of(reply) in allowed, reply[:200])
        if not harmless:
            cases.check(f"closed after {line!r}", len(re.findall(rb"HTTP/1.1 \d", reply)) == 1 and b"Connection: close" in reply, reply[:300])
    for first in (b"GET /version HTTP/1.1\nHost: h\n\n", b"GET /version HTTP/1.1\r\n\r\n", b"GET /version HTTP/1.1\r\nHost: \r\n\r\n", b"GET /version HTTP/1.1\r\nHost: a b\r\n\r\n",
                  b"GET /version HTTP/1.1\r\nHost: h/evil\r\n\r\n", b"GET  /version HTTP/1.1\r\nHost: h\r\n\r\n", b"GET\t/version HTTP/1.1\r\nHost: h\r\n\r\n",
                  b"GET /version HTTP/1.1 \r\nHost: h\r\n\r\n", b"GET http://other/version HTTP/1.1\r\nHost: h\r\n\r\n", b"GET version HTTP/1.1\r\nHost: h\r\n\r\n",
                  b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\nGET /version HTTP/1.1\r\nHost: h\r\n\r\n", b"G@T /version HTTP/1.1\r\nHost: h\r\n\r\n",
                  b"GET /version HTTP/9.9x\r\nHost: h\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"\x80\x80 / HTTP/1.1\r\nHost: h\r\n\r\n"):
        cases.check(f"not HTTP: {first!r}", status_of(hub.raw(first)) == 400, first)
    cases.equal("HTTP/2 preface", status_of(hub.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 505)
    cases.equal("impossible expectation", status_of(hub.raw(b"GET /version HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n")), 417)
    reply = hub.raw(head.encode() + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    cases.check("a trailer changes nothing", status_of(reply) == 400 and b"field is required" in reply, reply[:300])
    for chunk in (b"zz\r\n", b"-2\r\n{}\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}!\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b" 2\r\n{}\r\n0\r\n\r\n"):
        reply = hub.raw(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        cases.check(f"chunk {chunk!r}", status_of(reply) in (400, 413), reply[:200])


def paths(cases, hub, session):
    for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.%00./", "/api/v0/../v0/me/", "/api/v0/./me/", "/api%2fv0%2fme/", "/%c0%ae%c0%ae/etc/passwd",
                 "/api/v0/me%00/", "/api/v0/me%0d%0aX:y/", "/api/v0/%ff/", "/api/v0/%zz/", "/api/v0/%", "/static/../../etc/passwd", "/..\\..\\etc\\passwd", "//etc/passwd",
                 "/file:///etc/passwd", "/api/v0/mlcubes/1;/", "/api/v0/mlcubes/1%3b/", "/api/v0/mlcubes/0x1/", "/api/v0/mlcubes/-1/", "/api/v0/mlcubes/1e0/",
                 "/api/v0/mlcubes/%31%20/", "/api/v0/mlcubes/99999999999999999999/", "/api/v0/mlcubes/' OR 1=1 --/".replace(" ", "%20"), "/hub.yaml", "/jwt.pem", "/.git/config"):
        answer = session.call("admin", "GET", path)
        cases.check(f"path {path}", answer.status in (400, 404) and "json" in answer.headers.get("content-type", "") and b"root:" not in answer.body, answer)
    for value in ("a%0d%0aSet-Cookie:%20x=1", "a%0aX", "%00", "%ed%a0%80"):
        answer = session.call("group", "GET", "mlcubes/?name=" + value)
        cases.check(f"query {value}", answer.status == 400 and "set-cookie" not in answer.headers, answer)
    for method in ("TRACE", "TRACK", "PATCH", "PROPFIND", "DEBUG", "X" * 20):
        answer = session.call("group", method, "mlcubes/", headers={"X-Probe": "do-not-echo"})
        cases.check(f"method {method}", answer.status == 405 and b"do-not-echo" not in answer.body, answer)
    answer = session.call("group", "OPTIONS", "mlcubes/")
    cases.check("OPTIONS tells the methods", answer.status == 200 and "GET" in answer.headers.get("allow", ""), answer)
    answer = session.call("group", "HEAD", "mlcubes/")
    cases.check("HEAD has no body", answer.status == 200 and answer.body == b"", answer)
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"):
        answer = session.call("group", "GET", "me/", headers={header: "/api/v0/users/" if "URL" in header else "DELETE"})
        cases.check(f"{header} means nothing", answer.status == 200 and answer.json["username"] == "group", answer)
    answer = session.call("group", "GET", "mlcubes/?limit=1", headers={"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "gopher"})
    cases.check("forwarded headers are not believed", b"evil.test" not in answer.body, answer)


def sizes(cases, hub, session):
    answer = session.call("group", "POST", "mlcubes/", b'{"name": "' + b"a" * (17 << 20) + b'"}')
    cases.equal("body of 17 MiB", answer.status, 413)
    cases.equal("headers of 40 KiB", status_of(hub.raw(b"GET /version HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 40000 + b"\r\n\r\n")), 431)
    cases.equal("200 headers", status_of(hub.raw(b"GET /version HTTP/1.1\r\nHost: h\r\n" + b"X: a\r\n" * 200 + b"\r\n")), 431)
    cases.equal("target of 10 KiB", status_of(hub.raw(b"GET /" + b"a" * 10000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")), 414)
    cases.equal("300 parameters", session.call("group", "GET", "mlcubes/?" + "a=1&" * 300).status, 400)
    for limit in ("100000000", "9223372036854775807", "-1", "0", "x", "1e9", "99999999999999999999", "%27"):
        answer = session.call("group", "GET", f"mlcubes/?limit={limit}&offset={limit}")
        cases.check(f"limit and offset {limit}", answer.status == 200, answer)
    reply = hub.raw(b"GET /version HTTP/1.1\r\nHost: h\r\n\r\n" * 400)
    cases.check("400 requests in a row without reading", 100 <= reply.count(b"HTTP/1.1 200") <= 102 and b"HTTP/1.1 429" in reply, reply.count(b"HTTP/1.1"))


def rates(cases, hub, session):
    """On a hub with low limits."""
    statuses = [session.call("group", "GET", "me/").status for _ in range(40)]
    cases.check("one user's burst ends in 429", 429 in statuses and statuses[0] == 200, statuses)
    answer = session.call("group", "GET", "me/")
    cases.check("429 says when to come again", answer.status != 429 or int(answer.headers["retry-after"]) >= 1, answer)
    cases.equal("others go on", session.call("hospital", "GET", "me/").status, 200)
    # At once: one after the other, hashing alone may take as long as a new attempt takes to be allowed.
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda i: hub.session().call(None, "POST", "auth/login", {"username": f"nobody{i}", "password": "x" * 9}).status, range(16)))
    cases.check("attempts to sign in end in 429", statuses.count(429) >= 2 and 401 in statuses, statuses)


def slow_clients(cases, hub):
    """1,000 connections that never finish their request; others do not notice."""
    def fetch(times):
        waits, used = [], processor_seconds(hub)
        for _ in range(times):
            begin = time.perf_counter()
            link = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=180)
            link.request("GET", "/api/v0/me/", headers={"Authorization": "Bearer " + hub.token("group")})
            cases.check("a normal request beside slow ones", link.getresponse().status == 200)
            link.close()
            waits.append(time.perf_counter() - begin)
        return sorted(waits)[len(waits) // 2], (processor_seconds(hub) - used) / times
    fetch(30)
    alone, cost_alone = fetch(30)
    slow = []
    for i in range(1000):  # four addresses, each below its share
        link = socket.create_connection(("127.0.0.1", hub.port), 120, (f"127.0.1.{1 + i % 4}", 0))
        link.send(b"GET /api/v0/me/ HTTP/1.1\r\nHost: h\r\nX: ")
        slow.append(link)
    for link in slow:
        link.send(b"a")
    waits, cost = fetch(60)
    for link in slow:
        try:
            link.send(b"a")
        except OSError:
            pass
    # What the hub does for each is compared by its own processor time, as the machine may have become busy meanwhile; by the
    # clock they would wait for seconds if slow connections held up anything.
    shown = f"{cost_alone * 1000:.2f} ms of a processor and {alone * 1000:.1f} ms alone, {cost * 1000:.2f} and {waits * 1000:.1f} ms beside"
    cases.check("1,000 slow connections: normal requests cost no more", cost < max(0.005, 8 * cost_alone), shown)
    cases.check("1,000 slow connections: normal requests do not wait", waits < max(1, 8 * alone), shown)
    print(f"     normal requests beside 1,000 slow connections: {shown}")
    refused = []
    more = [socket.create_connection(("127.0.0.1", hub.port), 120, ("127.0.2.1", 0)) for _ in range(560)]
    for link in more[500:540]:
        link.settimeout(60)
        try:
            refused.append(link.recv(12))
        except OSError:
            refused.append(b"none")
    cases.check("the 501st connection of an address is refused", refused.count(b"HTTP/1.1 429") >= 30, refused[:5])
    cases.check("another address is still served", fetch(3)[0] < 10)
    slow[0].settimeout(120)
    try:
        reply = slow[0].recv(64)
    except OSError:
        reply = b""
    cases.check("a slow request ends in 408", reply.startswith(b"HTTP/1.1 408"), reply)
    for link in slow + more:
        link.close()


def ask_openssl(hub, *options):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{hub.port}", "-CAfile", str(hub.certificate), *options], input=b"", capture_output=True, timeout=180)
    text = done.stdout.decode(errors="replace")
    return done.returncode == 0 and "Cipher is (NONE)" not in text and "New, (NONE)" not in text, text


def tls(cases, hub):
    for option, wanted in (("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        cases.equal(f"TLS version {option}", ask_openssl(hub, option, "-cipher", "ALL:@SECLEVEL=0")[0], wanted)
    for cipher in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256", "NULL", "aNULL", "RC4", "3DES", "CAMELLIA"):
        cases.check(f"weak cipher {cipher} refused", not ask_openssl(hub, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")[0])
    for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        cases.check(f"cipher {cipher} served", ask_openssl(hub, "-tls1_2", "-cipher", cipher)[0])
    cases.check("no renegotiation", "Secure Renegotiation IS NOT" not in ask_openssl(hub, "-tls1_2")[1])
    good, text = ask_openssl(hub, "-alpn", "h2,http/1.1")
    cases.check("ALPN gives HTTP/1.1", good and "ALPN protocol: http/1.1" in text, text[-300:])
    with socket.create_connection(("127.0.0.1", hub.port), 120) as plain:
        plain.sendall(b"GET /version HTTP/1.1\r\nHost: h\r\n\r\n")
        plain.settimeout(60)
        cases.check("plain HTTP to the TLS port gets nothing", b"HTTP/1.1 200" not in plain.recv(400))
    try:
        ssl.create_default_context().wrap_socket(socket.create_connection(("127.0.0.1", hub.port), 120), server_hostname="localhost")
        cases.check("an unknown authority is noticed by clients", False)
    except ssl.SSLError:
        cases.check("an unknown authority is noticed by clients", True)
    for mode in (0o644, 0o640, 0o660, 0o604):
        os.chmod(hub.private_key, mode)
        started = subprocess.run([str(PROGRAMS / "medperf-hub"), "serve", "--config", str(hub.config)], capture_output=True, timeout=300, env=hub.environment())
        text = started.stderr.decode(errors="replace")
        cases.check(f"private key of mode {mode:o} refused at the start", started.returncode not in (0, -11, -6) and "tls.key" in text and "chmod 600" in text, text[-300:])
    os.chmod(hub.private_key, 0o600)
