"""Zip files that depend on nothing but the files that are put in."""

import zipfile
from pathlib import Path

# The earliest date that a zip file can hold. A real one would make two archives of the same files differ.
DATE = (1980, 1, 1, 0, 0, 0)
UNIX = 3
REGULAR_FILE = 0o100000


def write(zip_path: Path, executable: Path, folder: Path | None = None) -> None:
    """Writes the executable, under its own name, and what is in `folder`, at the root of a zip file."""
    files = {executable.name: executable}
    if folder is not None:
        files |= {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(zip_path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (REGULAR_FILE | (0o755 if files[name] == executable else 0o644)) << 16
            archive.writestr(entry, files[name].read_bytes(), compresslevel=9)
