"""The account over TLS, and with the daemon's grants as bearer tokens."""

import base64
import datetime
import json
import time

import pytest
import requests
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from conftest import Account, Tool
from test_blob import MB, pattern

READER, CONTRIBUTOR = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
ACCOUNT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/dprepdata"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, now = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
        datetime.datetime.now(datetime.timezone.utc),
    )
    import ipaddress

    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            False,
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


@pytest.fixture(scope="module")
def grants(tmp_path_factory):
    secret = Ed25519PrivateKey.generate()
    path = tmp_path_factory.mktemp("grants") / "public"
    path.write_text(secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex())
    return secret, path


@pytest.fixture(scope="module")
def secure(tmp_path_factory, certificate, grants):
    account = Account(
        tmp_path_factory.mktemp("secure"),
        "--tls-cert",
        str(certificate / "cert.pem"),
        "--tls-key",
        str(certificate / "key.pem"),
        "--grant-key",
        str(grants[1]),
        "--resource-id",
        ACCOUNT_ID,
    ).start()
    yield account
    account.stop()


def grant(secret, role, scope, seconds=60, begun=0):
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time() * 1000) + begun * 1000
    body = encode(
        json.dumps(
            {
                "sub": "11111111-1111-1111-1111-111111111111",
                "name": "ada",
                "scope": "/",
                "iat": now,
                "exp": now + seconds * 1000,
                "assigned": [[role, scope]],
            }
        ).encode()
    )
    context = b""
    return (body + b"." + encode(secret.sign(context + body))).decode()


def test_tls(secure, certificate):
    url, ca = f"https://127.0.0.1:{secure.port}/dprepdata", str(certificate / "cert.pem")
    client = BlobServiceClient(url, credential=secure.key, connection_verify=ca, retry_total=0)
    client.get_blob_client("demo", "x").upload_blob(pattern(5 * MB), overwrite=True)
    assert client.get_blob_client("demo", "x").download_blob().readall() == pattern(5 * MB)
    with pytest.raises(ServiceRequestError):
        BlobServiceClient(url, credential=secure.key, retry_total=0).get_account_information()
    plain = requests.get(f"http://127.0.0.1:{secure.port}/dprepdata/demo/x", timeout=5)
    assert plain.status_code == 400 and b"TLS" in plain.content
    key = f"fs.azure.account.key.dprepdata.blob.core.windows.net={secure.key}"
    tool = Tool("--ca", ca, "--endpoint", f"dprepdata={url}", "--conf", key)
    assert tool.ok("cat", tool.wasb("x"), MB, 0) == pattern(5 * MB)
    assert "is not trusted" in Tool("--endpoint", f"dprepdata={url}", "--conf", key).fails("stat", tool.wasb("x"))


def test_grants(secure, certificate, grants):
    secret, url = grants[0], f"https://127.0.0.1:{secure.port}/dprepdata"
    container = f"{ACCOUNT_ID}/blobServices/default/containers/demo"
    options = ("--ca", str(certificate / "cert.pem"), "--endpoint", f"dprepdata={url}")
    reader = Tool(*options, "--bearer", f"dprepdata={grant(secret, READER, container)}")
    writer = Tool(*options, "--bearer", f"dprepdata={grant(secret, CONTRIBUTOR, ACCOUNT_ID)}")
    writer.ok("put", writer.wasb("granted"), 1000, 100)
    assert reader.ok("cat", reader.wasb("granted"), 1000, 0) == pattern(1000)
    assert ["file", "granted"] in [line[:2] for line in reader.lines("ls", reader.wasb())]
    error = reader.fails("put", reader.wasb("granted"), 10, 10)
    assert "HR_E_STORAGE_DENIED" in error and "ada" in error and "Storage Blob Data Contributor" in error
    assert "HR_E_STORAGE_DENIED" in reader.fails("stat", reader.wasb("x").replace("demo@", "other@"))
    late = Tool(*options, "--bearer", f"dprepdata={grant(secret, READER, container, begun=-120)}")
    assert "HR_E_STORAGE_DENIED" in late.fails("stat", late.wasb("granted"))
    forged = Tool(*options, "--bearer", f"dprepdata={grant(Ed25519PrivateKey.generate(), READER, container)}")
    assert "the token was not accepted" in forged.fails("stat", forged.wasb("granted"))


def test_client_credentials(secure, certificate, grants):
    """OAuth client credentials: the token comes from the tenant's endpoint, once, and is what the account accepts."""
    import http.server
    import threading
    import urllib.parse

    asked = []

    class Tenant(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            asked.append(form)
            good = form["client_secret"] == "s3cret+/="
            body = (
                {"access_token": grant(grants[0], READER, ACCOUNT_ID), "expires_in": "3600"}
                if good
                else {"error_description": "AADSTS7000215: Invalid client secret.\r\nTrace"}
            )
            text = json.dumps(body).encode()
            self.send_response(200 if good else 401)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    tenant = http.server.HTTPServer(("127.0.0.1", 0), Tenant)
    threading.Thread(target=tenant.serve_forever, daemon=True).start()

    def tool(secret):
        conf = {
            "fs.azure.account.auth.type": "OAuth",
            "fs.azure.account.oauth.provider.type": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
            "fs.azure.account.oauth2.client.id": "my-app",
            "fs.azure.account.oauth2.client.secret": secret,
            "fs.azure.account.oauth2.client.endpoint": f"http://127.0.0.1:{tenant.server_port}/t/oauth2/token",
        }
        return Tool(
            "--ca",
            str(certificate / "cert.pem"),
            "--endpoint",
            f"dprepdata=https://127.0.0.1:{secure.port}/dprepdata",
            *[word for key, value in conf.items() for word in ("--conf", f"{key}={value}")],
        )

    BlobServiceClient(
        f"https://127.0.0.1:{secure.port}/dprepdata",
        credential=secure.key,
        connection_verify=str(certificate / "cert.pem"),
    ).get_blob_client("demo", "oauth").upload_blob(pattern(1000), overwrite=True)
    good = tool("s3cret+/=")
    assert good.ok("cat", good.abfs("oauth"), 100, 0, "stat", good.abfs("oauth"))[:1000] == pattern(1000)
    assert len(asked) == 1 and asked[0]["client_id"] == "my-app" and asked[0]["grant_type"] == "client_credentials"
    bad = tool("wrong")
    error = bad.fails("stat", bad.abfs("oauth"))
    assert (
        "HR_E_STORAGE_DENIED" in error
        and "gave no token for the client 'my-app': AADSTS7000215: Invalid client secret." in error
        and "wrong" not in error
    )
    tenant.shutdown()
    tenant.server_close()


def test_no_grants_without_a_key(account):
    answer = requests.get(f"{account.url}/demo/x", headers={"Authorization": "Bearer abc.def"}, timeout=5)
    assert answer.status_code == 403 and "takes no tokens" in answer.text
