"""Requests to the server: where it is, who asks, and its errors as exceptions. Nothing here knows a resource."""

import json
import os
import threading
import time
from urllib.parse import quote, urlsplit

from headrace.azureml import exceptions

TIMEOUT = (10, 120)  # seconds to connect, to wait for an answer
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NoAnswer(exceptions.ServiceException):
    """Nobody answers, or a server that is starting."""


class Endpoint:
    """The server's https address, a token and the certificate authority that signed the address."""

    _lock = threading.Lock()

    def __init__(self, url, token=None, ca_file=None, defaults=None, patience=0):
        self.url = url.rstrip("/")
        self.token = token
        self.ca_file = ca_file
        self._defaults = defaults
        self.patience = patience  # seconds; 0 for people, who would rather know
        self.give_up = None  # a function that says that there is no sense in waiting
        self._session = None

    @classmethod
    def find(cls):
        """The server of this environment: HEADRACE_URL, HEADRACE_TOKEN and HEADRACE_CA_FILE, else the endpoint file of
        HEADRACE_HOME or ~/.headrace."""
        env = os.environ
        if env.get("HEADRACE_URL"):
            return cls(env["HEADRACE_URL"], env.get("HEADRACE_TOKEN"), env.get("HEADRACE_CA_FILE"))
        home = env.get("HEADRACE_HOME") or os.path.join(os.path.expanduser("~"), ".headrace")
        path = os.path.join(home, "run", "endpoint.json")
        try:
            with open(path, encoding="utf-8") as file:
                known = json.load(file)
        except FileNotFoundError:
            raise exceptions.UserErrorException(
                "no Headrace server is known here: there is no '%s'. Start one with `headrace serve`, or set what `headrace env` prints"
                % path
            ) from None
        except (OSError, ValueError) as err:
            raise exceptions.UserErrorException(
                "the server's address cannot be read from '%s': %s" % (path, err)
            ) from None
        return cls(known["https_url"], env.get("HEADRACE_TOKEN") or known["token"], known["ca_file"], known)

    @property
    def defaults(self):
        """{name: value} of what is meant where nothing is named: subscription_id, resource_group, workspace, synapse_workspace,
        pool, account, container. The endpoint file has them; who came by HEADRACE_URL asks the server, once."""
        if self._defaults is None:
            self._defaults = self.get("/v1.0/defaults")
        return self._defaults

    def session(self):
        with self._lock:
            if self._session is None:
                import requests

                self._session = requests.Session()
                self._session.verify = self.ca_file or True
                if urlsplit(self.url).hostname in LOOPBACK:
                    self._session.trust_env = False  # a proxy does not reach this machine's own addresses
            return self._session

    def request(
        self,
        method,
        url,
        api_version=None,
        body=None,
        params=None,
        accept=(200,),
        timeout=TIMEOUT,
        error=exceptions.UserErrorException,
        form=None,
        patience=None,
    ):
        """One request. `url` is a path, or an absolute URL of this server. Returns the response, whose status is one of
        `accept`. It is asked again for `patience` seconds while no server answers, or one that is starting."""
        if url.startswith("/"):
            url = self.url + url
        elif urlsplit(url).netloc != urlsplit(self.url).netloc:
            raise exceptions.ServiceException(
                "the server pointed to '%s', which is not its own address: the token is not sent there" % url
            )
        query = dict(params or {})
        if api_version:
            query["api-version"] = api_version
        headers = {"Accept": "application/json"}
        if self.token:
            if not url.startswith("https:") and urlsplit(url).hostname not in LOOPBACK:
                raise exceptions.AuthenticationException("a token is sent by https only, not to '%s'" % self.url)
            headers["Authorization"] = "Bearer " + self.token
        sent = {
            "params": query,
            "json": body,
            "data": form,
            "headers": headers,
            "timeout": timeout,
            "allow_redirects": False,
        }
        answer = self._send_patiently(method, url, self.patience if patience is None else patience, accept, sent)
        if answer.status_code not in accept:
            raise failure(answer, error)
        return answer

    def _send_patiently(self, method, url, patience, accept, sent):
        deadline, pause = time.monotonic() + patience, 0.05
        while True:
            over = time.monotonic() >= deadline or bool(self.give_up and self.give_up())
            try:
                answer = self._send(method, url, sent)
            except exceptions.ServiceException as err:
                if over or not isinstance(err, NoAnswer):
                    raise
            else:
                if answer.status_code != 503 or 503 in accept or not patience:
                    return answer
                if over:
                    raise NoAnswer(explain(answer)[1], status=503)
            time.sleep(pause)
            pause = min(1, pause * 2)

    def _send(self, method, url, sent):
        import requests

        try:
            return self.session().request(method, url, **sent)
        except requests.exceptions.SSLError as err:
            if "CERTIFICATE_VERIFY_FAILED" not in str(
                err
            ):  # a server that ends in the midst of a handshake, not one of another's
                raise NoAnswer("no server answers at %s: is `headrace serve` running?" % self.url) from None
            raise exceptions.ServiceException(
                "the server at %s is not signed by '%s': %s" % (self.url, self.ca_file, err)
            ) from None
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise NoAnswer("no server answers at %s: is `headrace serve` running?" % self.url) from None
        except requests.exceptions.RequestException as err:
            raise exceptions.ServiceException("%s %s failed: %s" % (method, url, err)) from None

    def get(self, path, api_version=None, **options):
        return self.request("GET", path, api_version, **options).json()

    def list(self, path, api_version, **options):
        """Every item of a paged list."""
        items = []
        while path:
            page = self.get(path, api_version, **options)
            items += page["value"]
            path, api_version = page.get("nextLink"), None
        return items


def failure(answer, kind):
    """The exception for an answer that says no."""
    code, message = explain(answer)
    if answer.status_code == 401:
        kind = exceptions.AuthenticationException
    elif answer.status_code >= 500:
        kind = exceptions.ServiceException
    return kind(message, code=code, status=answer.status_code, remedy=remedy_of(answer))


def remedy_of(answer):
    """{"kind": "advice", "command" or "grant", "text", "cause"} of an error answer that names a next step: its message in two parts."""
    try:
        found = [item.get("info") for item in answer.json()["error"]["additionalInfo"] if item.get("type") == "Remedy"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found[0] if found else None


def explain(answer):
    """(code, message) of an error answer: Azure's `{"error": {"code", "message"}}`, Livy's `{"msg"}`, or the text itself. A
    hint follows on its own line."""
    try:
        body = answer.json()
    except ValueError:
        return None, "%d %s: %s" % (answer.status_code, answer.reason, answer.text[:500].strip() or "no explanation")
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        error = body if isinstance(body, dict) else {}
    message = error.get("message") or error.get("msg") or json.dumps(body)
    hints = [error.get("hint")] + [item.get("message") for item in error.get("details") or () if isinstance(item, dict)]
    for hint in hints:
        if hint and hint not in message:
            message += "\n" + hint
    return error.get("code"), message


def segment(name):
    return quote(str(name), safe="")


def parse_id(resource_id):
    """{lower-case type: name} of an ARM id, whatever the case of its words."""
    parts = resource_id.strip("/").split("/")
    return {kind.lower(): name for kind, name in zip(parts[::2], parts[1::2])}
