"""A container image of one static executable and trust anchors, as a tar file of an OCI image layout.

What infra/oci/function/Dockerfile describes, made without a daemon, and the same bytes each time: no dates, owner root, fixed order.
One manifest and no index of platforms or attestations, which OCI Functions refuses.
https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
"""

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EPOCH = "1970-01-01T00:00:00Z"
# The architectures' names in images.
PLATFORMS = {"x86_64": "amd64", "arm64": "arm64"}
# The platform runs every container as this user.
USER = "1000:1000"
ENTRYPOINT = "/function"
ANCHORS = "/etc/ssl/certs/ca-certificates.crt"


class Broken(Exception):
    """A file is no image layout, or not the one that was meant."""


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def tar(files: dict[str, tuple[int, bytes]]) -> bytes:
    """A tar file of mode and content by path, with the folders that these need, in the order of their names."""
    folders = {str(parent) for name in files for parent in Path(name).parents if str(parent) != "."}
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(folders | set(files)):
            entry = tarfile.TarInfo(name)  # date 0, owner 0
            if name in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                entry.mode, content = files[name]
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return output.getvalue()


def write(path: Path, executable: Path, anchors: Path, architecture: str, version: str) -> str:
    """Writes the image and returns the digest of its manifest, by which a registry knows it."""
    files = {ENTRYPOINT: (0o555, executable.read_bytes()), ANCHORS: (0o444, anchors.read_bytes())}
    layer = tar({name.lstrip("/"): file for name, file in files.items()})
    packed = gzip.compress(layer, compresslevel=9, mtime=0)
    config = canonical(
        {
            "architecture": PLATFORMS[architecture],
            "os": "linux",
            "created": EPOCH,
            "config": {"User": USER, "Entrypoint": [ENTRYPOINT]},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        }
    )
    manifest = canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, config),
            "layers": [described(LAYER, packed)],
        }
    )
    named = described(MANIFEST, manifest) | {"annotations": {"org.opencontainers.image.ref.name": version}}
    blobs = {f"blobs/sha256/{digest(blob).removeprefix('sha256:')}": (0o644, blob) for blob in (packed, config, manifest)}
    layout = {
        "oci-layout": (0o644, canonical({"imageLayoutVersion": "1.0.0"})),
        "index.json": (0o644, canonical({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]})),
    }
    path.write_bytes(tar(layout | blobs))
    return digest(manifest)


def described(media_type: str, content: bytes) -> dict:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


@dataclass(frozen=True)
class Image:
    """What is in the tar file of an image layout."""

    digest: str
    config: dict
    # Mode, owner and content by path.
    files: dict[str, tuple[int, int, bytes]]


def read(path: Path) -> Image:
    """Reads an image back. Raises Broken when a digest or a size is not that of the content, or when something is left over."""
    with tarfile.open(path) as archive:
        parts = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}

    def blob(descriptor: dict, media_type: str) -> bytes:
        name = "blobs/" + descriptor["digest"].replace(":", "/")
        content = parts.pop(name, None)
        if content is None:
            raise Broken(f"{path} has no {name}")
        true = described(media_type, content)
        if true != {name: descriptor.get(name) for name in true}:
            raise Broken(f"{path}: {name} is not what is said of it: {descriptor}")
        return content

    if json.loads(parts.pop("oci-layout", b"{}")) != {"imageLayoutVersion": "1.0.0"}:
        raise Broken(f"{path} is no image layout")
    (named,) = json.loads(parts.pop("index.json"))["manifests"]
    manifest = json.loads(blob(named, MANIFEST))
    config = json.loads(blob(manifest["config"], CONFIG))
    (layer,) = [gzip.decompress(blob(layer, LAYER)) for layer in manifest["layers"]]
    if config["rootfs"]["diff_ids"] != [digest(layer)]:
        raise Broken(f"{path}: the layer is not the one that the configuration names")
    if parts:
        raise Broken(f"{path}: nothing refers to {', '.join(parts)}")
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        files = {"/" + entry.name: (entry.mode, entry.uid, archive.extractfile(entry).read()) for entry in archive if entry.isfile()}
    return Image(named["digest"], config, files)
