"""Photos: how long one takes from its bytes to what is kept, what the child process needs, and the same in one process."""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from bench.stage import figure, p95
from loket.core import image_child, images
from tests import photographs as ph

# A phone's camera, as the form without scripts or a document in the chat brings it; and what WhatsApp makes of it.
SIZES = {"WhatsApp, 1600 px": 1600, "camera, 12 megapixels": 4000}


def photos(size: int | None) -> list[dict[str, Any]]:
    """p50 and p95 of accepting and judging one photo in its child process, beside the same work without a process; and the
    most memory that a child had."""
    rows: list[dict[str, Any]] = []
    for name, side in SIZES.items():
        contents = [_photo(number, side) for number in range(6)]
        spent, bare = [], []
        for number in range(size or 60):
            content = contents[number % len(contents)]
            spent.append(_timed(lambda: images.judge(content)))  # noqa: B023 (called at once)
            bare.append(_timed(lambda: _in_this_process(content)))  # noqa: B023 (called at once)
        limit = statistics.median(bare)
        rows += [
            figure(f"{name}, p50", statistics.median(spent), "ms", limit=limit, goal=400, more=False),
            figure(f"{name}, p95", p95(spent), "ms", limit=p95(bare), goal=800, more=False),
            figure(f"{name}, child's memory", _memory(contents[0]), "MiB", limit=512, goal=256, more=False),
        ]
    return rows


def _photo(number: int, side: int) -> bytes:
    picture = next(iter(ph.photographs(number, 1, ("plain",))))
    if side == 1600:
        return picture.content
    with ph.Image.open(io.BytesIO(picture.content)) as small:
        return ph.jpeg(small.resize((side, side * 3 // 4)), 90)


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _in_this_process(content: bytes) -> None:
    """The same work as the child's, without starting one: what judging could cost at best."""
    with ph.Image.open(io.BytesIO(content)) as photo:
        photo.draft("RGB", (image_child.SIDE, image_child.SIDE))
        upright = photo.convert("RGB")
    upright.thumbnail((image_child.SIDE, image_child.SIDE))
    image_child.fault(upright, 4000)
    image_child.look(upright)
    image_child._encoded(upright)


def _memory(content: bytes) -> float:
    """The most resident memory of one child, in MiB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], input=sys.stdin.buffer.read(), stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    child = [*images.CHILD, *sys.path]
    done = subprocess.run([sys.executable, "-c", code, *child], input=content, capture_output=True, check=True, env=dict(os.environ))
    return float(done.stdout)
