"""Unpacks the artefacts of a folder, each into a folder of its own name, as the platforms do: files with their modes.

unpack.py dist somewhere
"""

import sys
import zipfile
from pathlib import Path

import image
import pack


def files(path: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each file of an artefact."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as read:
            return {entry.filename: (entry.external_attr >> 16 & 0o777, read.read(entry)) for entry in read.infolist()}
    return {name.lstrip("/"): (mode, content) for name, (mode, _, content) in image.read(path).files.items()}


def unpack(path: Path, to: Path) -> None:
    for name, (mode, content) in files(path).items():
        file = to / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)


if __name__ == "__main__":
    for artefact in pack.ARTEFACTS:
        packed = Path(sys.argv[1]) / artefact.file
        unpack(packed, Path(sys.argv[2]) / packed.stem)
