"""Grants as the daemon signs them, made with a home's own secret: to be bent, aged and given to the wrong host."""

import base64
import json
import sqlite3
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def secret_of(home):
    with sqlite3.connect(f"file:{home}/state.db?mode=ro", uri=True) as store:
        (text,) = store.execute("SELECT value FROM setting WHERE name = 'grant_key'").fetchone()
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))


def packed(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(secret, content):
    body = packed(json.dumps(content, separators=(",", ":")).encode())
    return body + "." + packed(secret.sign(body.encode()))


def grant(secret, principal, session=None, assigned=(), scope="/", age=0, seconds=60):
    issued = int((time.time() - age) * 1000)
    content = {
        "sub": principal,
        "name": "somebody",
        "scope": scope,
        "iat": issued,
        "exp": issued + seconds * 1000,
        "assigned": [list(one) for one in assigned],
    }
    return signed(secret, {**content, "sid": session} if session else content)
