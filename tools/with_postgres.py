"""Runs a command against a PostgreSQL of its own: made in a temporary folder, named in DATABASE_URL, gone afterwards.

    python tools/with_postgres.py .venv/bin/pytest tests/desk

Without PostgreSQL's programs it says SKIP and ends well; PG_BIN names another folder of them.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

VERSIONS = (15, 16, 17)


def programs() -> Path | None:
    """The folder with initdb and postgres, the lowest version first: that is what we promise to run on."""
    places = [os.environ.get("PG_BIN", ""), *(f"/usr/lib/postgresql/{version}/bin" for version in VERSIONS)]
    if found := shutil.which("initdb"):
        places.append(str(Path(found).resolve().parent))
    return next((Path(place) for place in places if place and (Path(place) / "initdb").exists()), None)


def as_owner() -> tuple[list[str], int | None]:
    """How to run as somebody else where we are root, whom PostgreSQL refuses; and that somebody's number."""
    if os.getuid():
        return [], None
    for name in ("postgres", "nobody"):
        try:
            return ["runuser", "-u", name, "--"], pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise SystemExit("with_postgres: neither the user postgres nor nobody exists")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def quietly(command: list[str], folder: Path) -> None:
    """Run one of PostgreSQL's programs; only what it complains of is shown."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def main(command: list[str]) -> int:
    """Start, run, stop; the command's exit status."""
    where = programs()
    if where is None:
        line = "=" * 78
        sys.stderr.write(f"{line}\nSKIP: no PostgreSQL here (apt-get install postgresql). NOT tested on it.\n{line}\n")
        return 0
    prefix, owner = as_owner()
    folder = Path(tempfile.mkdtemp(prefix="canbang-pg-"))
    password, port = secrets.token_urlsafe(16), free_port()
    (folder / "password").write_text(password)
    if owner is not None:
        for path in (folder, folder / "password"):
            os.chown(path, owner, -1)
    data = str(folder / "data")
    # nothing here outlives the command, so nothing waits for a disk
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=40"
    try:
        quietly(
            [*prefix, str(where / "initdb"), "-D", data, "-U", "canbang", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8",
             f"--pwfile={folder / 'password'}", "--no-sync"], folder,
        )  # fmt: skip
        control = [*prefix, str(where / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
        quietly([*control, "-o", options, "start"], folder)
        try:
            url = f"postgres://canbang:{password}@127.0.0.1:{port}/postgres"
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode
        finally:
            quietly([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who stops us stops the database too
    sys.exit(main(sys.argv[1:]))
