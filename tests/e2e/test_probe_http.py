# SPDX-License-Identifier: Apache-2.0
"""Probes over HTTP against servers that misbehave, and over TLS."""
import gzip
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
from conftest import free_port

CANARY = "canary-0815-secret"


class Server(http.server.ThreadingHTTPServer):
    """Answers by the table of paths; what it was asked is in `asked`."""
    daemon_threads = True

    def __init__(self, answers, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.over = answers, [], threading.Event()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # the other side hangs up on purpose

    def end(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        self.close_connection = True
        found = self.server.answers.get(self.path.split("?")[0])
        if callable(found):
            found(self)
        elif found is None:
            self.reply(404, b"no such page")
        else:
            self.reply(200, found)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(answers, context=None):
        servers.append(Server(answers, context))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def ask(gonogo, *entries, **kw):
    """The exit code, and what is said of each probe by its name."""
    entries = [{"name": f"p{i}", **entry} for i, entry in enumerate(entries)]
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "probes": entries}))
    r = gonogo("probe", "plan.yaml", **kw)
    assert CANARY not in r.out + r.err
    assert len(r.out.splitlines()) == len(entries), r.err
    said = {}
    for line in r.out.splitlines():
        state, rest = line.split(None, 1)
        name, _, reason = rest.partition(" ")
        said[name] = (state, reason.partition(": ")[2])
    return r.code, said


def one(gonogo, entry, **kw):
    code, said = ask(gonogo, entry, **kw)
    assert code == {"pass": 0, "fail": 1, "not-yet": 3}[said["p0"][0]]
    return said["p0"]


def http_of(url, **more):
    return {"http": {"url": url, **more}}


def test_what_repository_says_of_itself_becomes_facts(gonogo, serve):
    body = b'{"data":{"edition":"Enterprise","version":"5.2.7 (r123-b4)","schema":"10057"}}'
    server = serve({"/alfresco/service/api/server": body})
    said = one(gonogo, {"use": "alfresco-server", "with": {"base": server.url}})
    assert said == ("pass", "200 OK; alfresco.version = 5.2.7; alfresco.schema = 10057; alfresco.edition = Enterprise")


def test_a_page_that_is_no_json_is_no_repository(gonogo, serve):
    server = serve({"/alfresco/service/api/server": b"<html>And now... some services</html>"})
    state, reason = one(gonogo, {"use": "alfresco-server", "with": {"base": server.url}})
    assert state == "not-yet" and "no JSON" in reason and "And now" in reason


@pytest.mark.parametrize("read_only, wanted", [(False, "pass"), (True, "not-yet")])
def test_discovery_wants_a_login_and_a_repository_that_can_be_written(gonogo, serve, read_only, wanted):
    body = {"entry": {"repository": {"edition": "Community", "status": {"isReadOnly": read_only},
                                     "version": {"major": "5", "minor": "2", "schema": 10057}}}}

    def discovery(h):
        if h.headers.get("Authorization", "").startswith("Basic "):
            h.reply(200, json.dumps(body).encode())
        else:
            h.reply(401, b"", WWW_Authenticate='Basic realm="Alfresco"')

    server = serve({"/alfresco/api/discovery": discovery})
    entry = {"use": "alfresco-discovery", "with": {"base": server.url, "user": "admin", "password": CANARY}}
    state, reason = one(gonogo, entry)
    assert state == wanted
    assert "alfresco.schema = 10057" in reason
    assert wanted == "pass" or "isReadOnly is 'true', expected 'false'" in reason


def drip(h):
    h.send_response(200)
    h.send_header("Content-Length", "100000")
    h.end_headers()
    while not h.server.over.wait(0.1):
        h.wfile.write(b".")
        h.wfile.flush()


def hang(h):
    h.server.over.wait(30)


def endless(h):
    h.send_response(200)
    h.send_header("Transfer-Encoding", "chunked")
    h.end_headers()
    while not h.server.over.is_set():
        h.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def ten_gigabytes(h):
    h.send_response(200)
    h.send_header("Content-Length", str(10 << 30))
    h.end_headers()
    while not h.server.over.is_set():
        h.wfile.write(b"x" * 65536)


BOMB = gzip.compress(b"\0" * (16 << 20), 1)


def bomb(h):
    h.reply(200, BOMB, Content_Encoding="gzip")


def big_head(h):
    h.send_response(200)
    for i in range(1000):
        h.send_header(f"X-{i}", "x" * 1000)
    h.end_headers()


def hang_up(h):
    h.connection.shutdown(socket.SHUT_RDWR)


def reset(h):
    h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    h.connection.close()
    h.rfile.close()


@pytest.mark.parametrize("behaviour, reason", [
    (drip, "timed out after 1s: the answer is not complete"),
    (hang, "timed out after 1s: connected, but no answer"),
    (endless, "the body is larger than 1M"),
    (ten_gigabytes, "the body is larger than 1M"),
    (bomb, "the body is larger than 1M"),
    (big_head, "the headers are larger than 256k"),
    (hang_up, "the connection was closed without an answer"),
    (reset, "connection reset by peer"),
    (lambda h: h.reply(302, b"", Location="/"), "more than 5 redirects"),
    (lambda h: h.reply(302, b"", Location="gopher://127.0.0.1/"), "not supported"),
    (lambda h: h.reply(200, b"short", Content_Length="100"), "closed after 5 bytes"),
])
def test_a_server_that_misbehaves_is_not_up(gonogo, serve, behaviour, reason):
    server = serve({"/": behaviour})
    begin = time.monotonic()
    state, said = one(gonogo, {**http_of(server.url + "/", follow=5), "try_timeout": "1s"})
    assert state == "not-yet"
    assert reason in said.lower() if reason == reason.lower() else reason in said
    assert time.monotonic() - begin < 10
    assert len(server.asked) == (6 if "redirects" in reason else 1)


def test_what_is_compressed_is_read_as_it_was(gonogo, serve):
    server = serve({"/": lambda h: h.reply(200, gzip.compress(b'{"a": 1}'), Content_Encoding="gzip")})
    assert one(gonogo, http_of(server.url + "/", json={"/a": 1})) == ("pass", "200 OK")


def test_a_proxy_in_the_environment_is_not_asked(gonogo, serve):
    server, proxy = serve({"/": b"here"}), serve({})
    env = {name: proxy.url for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY")}
    assert one(gonogo, http_of(server.url + "/"), env=env) == ("pass", "200 OK")
    assert not proxy.asked
    state, _ = one(gonogo, http_of(server.url + "/", proxy=proxy.url))
    assert state == "not-yet" and proxy.asked


def test_credentials_of_netrc_are_not_used(gonogo, serve):
    server = serve({"/": b"here"})
    gonogo.write(".netrc", f"machine 127.0.0.1 login me password {CANARY}\n").chmod(0o600)
    assert one(gonogo, http_of(server.url + "/"), env={"HOME": str(gonogo.folder)})[0] == "pass"
    assert "Authorization" not in server.asked[0][2]


def test_records_management_must_answer_and_have_kept_its_site(gonogo, serve):
    answers = {"/alfresco/service/api/rma/admin/rmevents": b'{"data": {"case_closed": {"eventName": "case_closed"}}}'}
    server = serve(answers)
    entry = {"use": "alfresco-rm-site", "with": {"base": server.url, "user": "admin", "password": "admin"}}
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.startswith("step 2: 404")
    answers["/alfresco/service/api/sites/rm"] = b'{"shortName": "rm", "sitePreset": "rm-site-dashboard"}'
    assert one(gonogo, entry)[0] == "pass"
    assert all(headers["Authorization"].startswith("Basic ") for _, _, headers in server.asked)
    del answers["/alfresco/service/api/rma/admin/rmevents"]
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.startswith("step 1: 404")


def test_share_login_tells_a_wrong_password_from_a_right_one(gonogo, serve):
    sessions = set()

    def page(h):
        if h.headers.get("Cookie") in sessions:
            h.reply(302, b"", Location="/share/page/user/admin/dashboard")
        else:
            h.reply(200, b"<form action='/share/page/dologin'>", Set_Cookie="JSESSIONID=one; Path=/share; HttpOnly")

    def dologin(h):
        form = h.rfile.read(int(h.headers["Content-Length"])).decode()
        fields = dict(f.split("=") for f in form.split("&"))
        well = fields["password"] == CANARY + "%26%3D" and h.headers.get("Cookie") == "JSESSIONID=one"
        if well:
            sessions.add("JSESSIONID=one")
        place = fields["success" if well else "failure"].replace("%2F", "/").replace("%3F", "?").replace("%3D", "=")
        h.reply(302, b"", Location=place)

    server = serve({"/share/page": page, "/share/page/dologin": dologin,
                    "/share/page/user/admin/dashboard": b"<h1>Welcome</h1>"})
    entry = {"use": "alfresco-share-login", "with": {"base": server.url, "user": "admin", "password": "wrong"}}
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.startswith("step 2: Location is '/share/page/type/login?error=true'")
    entry["with"]["password"] = CANARY + "&="
    assert one(gonogo, entry) == ("pass", "step 3: 200 OK")


# ---- TLS ----

def openssl(folder, *args):
    subprocess.run(["openssl", *map(str, args)], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("tls")
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=test authority", "-addext", "basicConstraints=critical,CA:TRUE")
    return folder


def certificate(folder, name, address="127.0.0.1", days=90):
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
            f"/CN={name}")
    (folder / f"{name}.ext").write_text(f"subjectAltName=IP:{address}\n")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            f"{name}.pem", "-days", days, "-extfile", f"{name}.ext")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def test_a_certificate_is_verified(gonogo, serve, authority):
    server = serve({"/": b"here"}, certificate(authority, "good"))
    url, ca = server.url + "/", str(authority / "ca.pem")
    state, reason = one(gonogo, http_of(url))
    assert state == "not-yet" and "certificate" in reason and not server.asked
    assert one(gonogo, http_of(url, ca=ca)) == ("pass", "200 OK")
    assert one(gonogo, http_of(url, insecure=True)) == ("pass", "200 OK")
    assert one(gonogo, http_of(url, ca=ca, expires_in="80d")) == ("pass", "200 OK")
    state, reason = one(gonogo, http_of(url, ca=ca, expires_in="100d"))
    assert (state, reason) == ("not-yet", "the server's certificate is valid for 89 days, expected at least 100")


def test_a_certificate_for_another_host_is_refused(gonogo, serve, authority):
    server = serve({"/": b"here"}, certificate(authority, "other", address="127.0.0.2"))
    state, reason = one(gonogo, http_of(server.url + "/", ca=str(authority / "ca.pem")))
    assert state == "not-yet" and "127.0.0.1" in reason and not server.asked


def test_an_expired_certificate_is_refused_in_words(gonogo, serve, authority):
    server = serve({"/": b"here"}, certificate(authority, "old", days=-1))
    state, reason = one(gonogo, http_of(server.url + "/", ca=str(authority / "ca.pem")))
    assert state == "not-yet" and "expired" in reason


def test_a_client_certificate_is_shown(gonogo, serve, authority):
    context = certificate(authority, "mutual")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority / "ca.pem")
    certificate(authority, "client")
    openssl(authority, "pkcs12", "-export", "-in", "client.pem", "-inkey", "client.key", "-out", "client.p12",
            "-passout", f"pass:{CANARY}")
    server = serve({"/": b"here"}, context)
    url, ca = server.url + "/", str(authority / "ca.pem")
    assert one(gonogo, http_of(url, ca=ca))[0] == "not-yet"
    assert one(gonogo, http_of(url, ca=ca, cert=str(authority / "client.pem"),
                               key=str(authority / "client.key"))) == ("pass", "200 OK")
    assert one(gonogo, http_of(url, ca=ca, cert=str(authority / "client.p12"),
                               key_password=CANARY)) == ("pass", "200 OK")


def test_plain_text_where_tls_was_expected(gonogo, serve):
    server = serve({"/": b"here"})
    state, reason = one(gonogo, http_of(server.url.replace("http", "https") + "/"))
    assert state == "not-yet" and "ssl" in reason.lower()


# ---- many ----

def test_the_worst_answer_decides_and_optional_ones_do_not(gonogo, serve):
    server = serve({"/": b"here"})
    up, down = http_of(server.url + "/"), http_of(f"http://127.0.0.1:{free_port()}/")
    broken = http_of(server.url + "/nix", fail_on=404)
    assert ask(gonogo, up)[0] == 0
    assert ask(gonogo, up, down)[0] == 3
    assert ask(gonogo, up, {**down, "optional": True})[0] == 0
    code, said = ask(gonogo, up, broken, down)
    assert code == 1
    assert said["p1"] == ("fail", "404 Not Found, expected 200; fail_on names '404'")
    assert said["p2"] == ("not-yet", "connection refused")
