"""`python -m wa_emulator`: a provider and a phone on one port of the loopback."""

import argparse
import os
import signal
import sys
import threading

from wa_emulator.clock import read_iso
from wa_emulator.courier import Courier
from wa_emulator.server import Server
from wa_emulator.store import Store
from wa_emulator.world import Settings, World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wa_emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--callback", required=True, help="the product's webhook")
    # Secrets come from the environment rather than the command line, which every user of the machine can read.
    for name, variable in (("app-secret", "APP_SECRET"), ("verify-token", "VERIFY_TOKEN"), ("token", "TOKEN")):
        known = os.environ.get(f"LOKET_WA_{variable}")
        parser.add_argument(f"--{name}", default=known, required=not known, help=f"default: LOKET_WA_{variable}")
    parser.add_argument("--phone-id", required=True)
    parser.add_argument("--display-number", default="622547800000")
    parser.add_argument("--auth", default="Authorization: Bearer", help="header and prefix that carry the token")
    parser.add_argument("--now", help="ISO 8601; the clock then ticks on (default: where it stood, or real time)")
    parser.add_argument("--stand-still", action="store_true", help="the clock moves only when the control side moves it")
    parser.add_argument("--seed", help="the same seed gives the same ids")
    parser.add_argument("--state", help="SQLite file that keeps conversations over a restart")
    parser.add_argument("--strict-templates", action="store_true", help="refuse templates that were not registered")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    settings = Settings(
        callback=given.callback, app_secret=given.app_secret, verify_token=given.verify_token, token=given.token,
        phone_id=given.phone_id, port=given.port, display_number=given.display_number,
        accept_any_template=not given.strict_templates, auth=given.auth,
    )  # fmt: skip
    store = Store(given.state)
    now = read_iso(given.now) if given.now else None
    world = World(settings, store, now=now, seed=given.seed, ticking=not given.stand_still)
    courier = Courier(world)
    server = Server(world, courier)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_given: threading.Thread(target=server.shutdown).start())
    courier.start()
    server.serve_forever(poll_interval=0.2)
    world.stopping.set()
    world.awake.set()
    world.keep_time()
    courier.join(3)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
