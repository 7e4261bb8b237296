"""Re-encodes one photo, from standard input to standard output, in a process that may use little and live briefly."""

import io
import resource
import sys

MEMORY = 512 * 1024 * 1024
SECONDS = 10
SIDE = 1600
MOST_BYTES = 400 * 1024


def main() -> None:
    sys.path[:] = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = 24_000_000
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "PNG", "WEBP")) as photo:
        photo.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    # A photo full of noise stays large at any quality; then it is made smaller.
    for side, quality in ((SIDE, 85), (SIDE, 75), (SIDE, 60), (SIDE, 45), (SIDE, 30), (1100, 45), (800, 30), (600, 20)):
        upright.thumbnail((side, side))
        out = io.BytesIO()
        # A fresh image carries over neither metadata nor colour profile.
        plain = Image.frombytes("RGB", upright.size, upright.tobytes())
        plain.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    main()
