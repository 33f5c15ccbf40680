# SPDX-License-Identifier: Apache-2.0
"""What the URLs answer, in every state of the start."""
import base64
import json
import secrets
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from database import LAST_CHANGE_SET, LAST_TRANSACTION

CORES = {"alfresco": (48213, 2.0), "archive": (310, 1.0)}  # nodes, and the seconds from first contact to the last one
BODY_MAX = 65536


class Request(NamedTuple):
    method: str
    path: str
    query: dict
    headers: object
    body: str


class Answer(NamedTuple):
    status: int
    body: str = ""
    kind: str = "text/html;charset=UTF-8"
    headers: tuple = ()


def page(title, body=""):
    return f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"


def error(status, phrase, *headers):
    return Answer(status, page(f"HTTP Status {status} \u2013 {phrase}"), headers=headers)


def as_json(value, *headers):
    return Answer(200, json.dumps(value), "application/json;charset=UTF-8", headers)


def redirect(location, *headers):
    return Answer(302, headers=(("Location", location), *headers))


NOT_FOUND = error(404, "Not Found")
BROKEN = error(500, "Internal Server Error")
LOGIN_PAGE = page("Alfresco \u00bb Login", """<form action="/share/page/dologin" method="post">
<input type="hidden" name="success" value="/share/page"><input type="hidden" name="failure" value="/share/page">
<input name="username"><input name="password" type="password"><button>Log in</button></form>""")
DASHBOARD_PATH = "/share/page/user/admin/dashboard"
DASHBOARD = page("Alfresco \u00bb User Dashboard", "<p>Welcome, Administrator. This is a stand-in, not Share.</p>")
USER = PASSWORD = "admin"


class Urls:
    def __init__(self, standin):
        self.standin = standin
        self.sessions = set()

    def answer(self, request):
        route = self.ROUTES.get((request.method, request.path))
        context = request.path.split("/")[1:2]
        if self.standin.state != "up" and context == ["alfresco"]:
            return BROKEN if self.standin.state == "broken" else NOT_FOUND
        if self.standin.state != "up" and context == ["share"]:
            return BROKEN  # without the repository Share has not even a login page
        return route(self, request) if route else NOT_FOUND

    # the repository

    def landing(self, _request):
        return Answer(200, page("Alfresco", "<p>This is a stand-in, not Alfresco.</p>"))

    def server(self, _request):
        product = self.standin.product
        return as_json({"data": {"edition": "Enterprise", "version": f"{product.version} ({product.build})",
                                 "schema": str(product.schema)}})

    def discovery(self, request):
        product = self.standin.product
        if not product.has_discovery:
            return NOT_FOUND
        if not self.knows(request):
            return error(401, "Unauthorized", ("WWW-Authenticate", 'Basic realm="Alfresco -default- tenant"'))
        major, minor, patch = product.version.split(".")
        version = {"major": major, "minor": minor, "patch": patch, "hotfix": "0", "schema": product.schema,
                   "label": product.build,
                   "display": f"{product.version}.0 ({product.build}) schema {product.schema}"}
        status = {"isReadOnly": False, "isAuditEnabled": True, "isQuickShareEnabled": True,
                  "isThumbnailGenerationEnabled": True}
        module = {"id": "alfresco-share-services", "title": "Alfresco Share Services AMP", "version": "5.2.7",
                  "installState": "INSTALLED", "versionMin": "5.1", "versionMax": "999"}
        return as_json({"entry": {"repository": {"edition": "Enterprise", "version": version, "status": status,
                                                 "modules": [module]}}})

    # Records Management

    def records(self, request, found):
        if not self.standin.scenario.has_records:
            return NOT_FOUND
        if not self.knows(request):
            return error(401, "Unauthorized", ("WWW-Authenticate", 'Basic realm="Alfresco"'))
        return as_json(found)

    def records_events(self, request):
        return self.records(request, {"data": {"case_closed": {"eventName": "case_closed", "eventType": "rmEventType.simple"}}})

    def records_site(self, request):
        return self.records(request, {"shortName": "rm", "title": "Records Management", "sitePreset": "rm-site-dashboard"})

    @staticmethod
    def knows(request):
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            return scheme == "Basic" and base64.b64decode(credentials) == f"{USER}:{PASSWORD}".encode()
        except ValueError:
            return False

    # Share

    def share_root(self, _request):
        return redirect("/share/page")

    def share_page(self, request):
        return redirect(DASHBOARD_PATH) if self.session(request) else self.login_page()

    def dashboard(self, request):
        return Answer(200, DASHBOARD) if self.session(request) else self.login_page()

    @staticmethod
    def login_page():
        return Answer(200, LOGIN_PAGE, headers=(
            ("Set-Cookie", f"JSESSIONID={secrets.token_hex(16).upper()}; Path=/share; HttpOnly"),))

    def share_login(self, request):
        form = {name: values[0] for name, values in parse_qs(request.body).items()}
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            failure = self.inside(form.get("failure"))
            return redirect(failure + ("&" if "?" in failure else "?") + "error=true")
        session = secrets.token_hex(16).upper()
        self.sessions.add(session)
        return redirect(self.inside(form.get("success")),
                        ("Set-Cookie", f"JSESSIONID={session}; Path=/share; HttpOnly"),
                        ("Set-Cookie", f"Alfresco-CSRFToken={secrets.token_urlsafe(32)}; Path=/share"))

    @staticmethod
    def inside(path):
        return path if path and path.startswith("/share/") else "/share/page"

    def session(self, request):
        cookies = (cookie.strip().partition("=") for cookie in request.headers.get("Cookie", "").split(";"))
        return any(name == "JSESSIONID" and value in self.sessions for name, _, value in cookies)

    # Solr

    def solr(self, request):
        query = request.query
        if (query.get("action"), query.get("wt")) != ("SUMMARY", "json"):
            return error(400, "the stand-in knows action=SUMMARY with wt=json")
        wanted = query.get("core")
        found = {core: self.core_summary(core) for core in CORES if wanted in (None, core)}
        return as_json({"responseHeader": {"status": 0, "QTime": 3}, "Summary": found or {wanted: "Core unknown"}})

    def core_summary(self, core):
        all_nodes, seconds = CORES[core]
        seen, share = self.standin.index(seconds)
        last, last_set = (LAST_TRANSACTION, LAST_CHANGE_SET) if seen else (0, 0)
        done, nodes = int(last * share), int(all_nodes * share)
        now = self.standin.now()
        working = seen and done < last
        waiting = int((last - done) / LAST_TRANSACTION * seconds) + 1 if working else 0
        indexed_at = int((now - waiting) * 1000)
        return {
            "Alfresco Nodes in Index": nodes,
            "Alfresco Transactions in Index": done,
            "Alfresco Unindexed Nodes": 0,
            "Alfresco Error Nodes in Index": 0,
            "Number of Searchers": 1,
            "FTS": {"Node count with FTSStatus Clean": nodes, "Node count with FTSStatus Dirty": 0,
                    "Node count with FTSStatus New": 0},
            "Active": working,
            "Last Index TX Commit Time": indexed_at if seen else 0,
            "TX Lag": f"{waiting} s",
            "TX Duration": f"PT{waiting}S",
            "Timestamp for last TX on server": int(now * 1000) if seen else 0,
            "Id for last TX on server": last,
            "Id for last TX in index": done,
            "Approx transactions remaining": last - done,
            "Approx transaction indexing time remaining": f"{waiting} Seconds",
            "Change Set Lag": "0 s",
            "Id for last Change Set on server": last_set,
            "Id for last Change Set in index": last_set,
            "Approx change sets remaining": 0,
            "Approx content indexing time remaining": f"{waiting} Seconds",
        }

    ROUTES = {
        ("GET", "/alfresco/"): landing,
        ("GET", "/alfresco/service/api/server"): server,
        ("GET", "/alfresco/s/api/server"): server,
        ("GET", "/alfresco/api/discovery"): discovery,
        ("GET", "/alfresco/service/api/rma/admin/rmevents"): records_events,
        ("GET", "/alfresco/service/api/sites/rm"): records_site,
        ("GET", "/share/"): share_root,
        ("GET", "/share/page"): share_page,
        ("GET", "/share/page/"): share_page,
        ("GET", DASHBOARD_PATH): dashboard,
        ("POST", "/share/page/dologin"): share_login,
        ("GET", "/solr4/admin/cores"): solr,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def version_string(self):
        return "stand-in (not Alfresco)"

    def log_message(self, *_args):
        pass

    def respond(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > BODY_MAX:
            self.close_connection = True
            return self.send(error(413, "Payload Too Large"))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(length)).decode(errors="replace")
        method = "GET" if self.command == "HEAD" else self.command
        return self.send(self.server.urls.answer(Request(method, url.path, query, self.headers, body)))

    do_GET = do_HEAD = do_POST = respond

    def send(self, answer):
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Connector(ThreadingHTTPServer):
    """Tomcat's: it listens from early on, and takes requests only when every context was tried."""
    daemon_threads = True

    def __init__(self, port, urls):
        super().__init__(("127.0.0.1", port), Handler, bind_and_activate=False)
        self.urls = urls

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own would ask the DNS for our name

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that did not wait is no event
            super().handle_error(request, client_address)
