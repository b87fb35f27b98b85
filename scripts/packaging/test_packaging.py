"""What the artefacts promise, tried on small files: `make test-packaging`."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import archive
import image
import pack
import sbom
from executable import Executable, Unfit, newest

PROGRAM = b"\x7fELF, or so it says"
ANCHORS = b"-----BEGIN CERTIFICATE-----\n"


class InAFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: bytes, mode: int = 0o600, date: int = 1) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, (date, date))
        return path


class Zips(InAFolder):
    def test_modes_and_names_do_not_depend_on_the_tree(self) -> None:
        written = []
        for name, mode, date in (("a", 0o700, 1_000_000_000), ("b", 0o640, 1_700_000_000)):
            program = self.file(f"{name}/bootstrap", PROGRAM, mode, date)
            self.file(f"{name}/beside/host.json", b"{}", mode, date)
            self.file(f"{name}/beside/Tick/function.json", b"{}", mode, date)
            archive.write(self.folder / f"{name}.zip", program, self.folder / name / "beside")
            written.append((self.folder / f"{name}.zip").read_bytes())
        self.assertEqual(written[0], written[1])
        with zipfile.ZipFile(io.BytesIO(written[0])) as read:
            modes = {entry.filename: oct(entry.external_attr >> 16) for entry in read.infolist()}
            self.assertEqual(read.read("bootstrap"), PROGRAM)
        self.assertEqual(modes, {"Tick/function.json": "0o100644", "bootstrap": "0o100755", "host.json": "0o100644"})


class Images(InAFolder):
    def write(self, name: str) -> tuple[Path, str]:
        program, anchors = self.file(f"{name}/oci-function", PROGRAM), self.file(f"{name}/anchors.pem", ANCHORS)
        path = self.folder / f"{name}.tar"
        return path, image.write(path, program, anchors, "x86_64", "1.2.3")

    def test_the_same_files_give_the_same_image(self) -> None:
        (one, digest_of_one), (other, digest_of_other) = self.write("one"), self.write("other")
        self.assertEqual(one.read_bytes(), other.read_bytes())
        self.assertEqual(digest_of_one, digest_of_other)

    def test_it_holds_the_program_and_the_anchors_as_the_dockerfile_says(self) -> None:
        path, digest = self.write("one")
        read = image.read(path)
        self.assertEqual(read.digest, digest)
        dockerfile = (pack.ROOT / "infra/oci/function/Dockerfile").read_text().splitlines()
        said = dict(line.split(maxsplit=1) for line in dockerfile if line and line[0].isupper())
        self.assertEqual(read.config["config"]["User"], said["USER"])
        self.assertEqual(read.config["config"]["Entrypoint"], json.loads(said["ENTRYPOINT"]))
        self.assertEqual((read.config["os"], read.config["architecture"]), ("linux", "amd64"))
        files = {line.split()[-1]: int(line.split()[1].removeprefix("--chmod="), 8) for line in dockerfile if line.startswith("COPY")}
        self.assertEqual({name: mode for name, (mode, _, _) in read.files.items()}, files)
        self.assertEqual({owner for _, owner, _ in read.files.values()}, {0})
        self.assertEqual(read.files["/function"][2], PROGRAM)
        self.assertEqual(read.files["/etc/ssl/certs/ca-certificates.crt"][2], ANCHORS)

    def test_there_is_one_manifest_and_nothing_beside_it(self) -> None:
        path, digest = self.write("one")
        with tarfile.open(path) as layout:
            index = json.load(layout.extractfile("index.json"))
            names = {entry.name for entry in layout if entry.isfile()}
        self.assertEqual([manifest["digest"] for manifest in index["manifests"]], [digest])
        self.assertEqual(len(names), len({"oci-layout", "index.json", "layer", "configuration", "manifest"}))

    def test_a_changed_blob_is_noticed(self) -> None:
        path, _ = self.write("one")
        for changed, says in (("layer", "is not what is said of it"), ("gone", "has no blobs"), ("more", "nothing refers to")):
            self.assertRaisesRegex(image.Broken, says, image.read, self.tampered(path, changed))

    def tampered(self, path: Path, how: str) -> Path:
        with tarfile.open(path) as layout:
            files = {entry.name: (0o644, layout.extractfile(entry).read()) for entry in layout if entry.isfile()}
        layer = next(name for name, (_, content) in files.items() if content[:2] == gzip.compress(b"")[:2])
        if how == "layer":
            files[layer] = (0o644, files[layer][1] + b"more")
        elif how == "gone":
            del files[layer]
        else:
            files["blobs/sha256/" + "0" * 64] = (0o644, b"unknown")
        result = self.folder / "tampered.tar"
        result.write_bytes(image.tar(files))
        return result


class Executables(unittest.TestCase):
    """Python's own executable stands for one: it needs glibc."""

    def setUp(self) -> None:
        self.python = Executable.read(Path(sys.executable).resolve())

    def test_versions_are_compared_as_numbers(self) -> None:
        self.assertEqual(newest(["GLIBC_2.9", "GLIBC_2.34", "GCC_4.2", "GLIBC_2.2.5", "GLIBC_PRIVATE"]), (2, 34))
        self.assertIsNone(newest([]))

    def test_an_executable_of_this_machine_is_read(self) -> None:
        self.assertEqual(self.python.architecture, {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine))
        self.assertGreaterEqual(self.python.glibc, (2, 2))
        self.assertTrue(any(name.startswith("libc.so") for name in self.python.libraries))
        self.python.must_fit(self.python.architecture, (9, 0))

    def test_what_does_not_run_on_the_platform_is_refused(self) -> None:
        for architecture, glibc, says in (
            ("sparc", (9, 0), "is for .* and not for sparc"),
            (self.python.architecture, (2, 1), "needs glibc .* and the platform has 2.1"),
            (self.python.architecture, None, "must be static and needs .*libc"),
        ):
            self.assertRaisesRegex(Unfit, says, self.python.must_fit, architecture, glibc)


class Components(unittest.TestCase):
    TREE = """0 ours v0.1.0 (/some/where)|Apache-2.0
1 left v1.0.0|MIT/Apache-2.0
2 shared v2.0.0|MIT
1 right v1.0.0|ISC
2 shared v2.0.0|MIT (*)
"""

    def test_each_crate_is_named_once_with_what_it_uses(self) -> None:
        uses = {crate.name: sorted(one.name for one in used) for crate, used in sbom.graph(self.TREE).items()}
        self.assertEqual(uses, {"ours": ["left", "right"], "left": ["shared"], "right": ["shared"], "shared": []})

    def test_the_document_says_licence_and_checksum_and_no_date(self) -> None:
        checksum = hashlib.sha256(b"").hexdigest()
        text = sbom.document(sbom.graph(self.TREE), {("left", "1.0.0"): checksum})
        self.assertEqual(text, sbom.document(sbom.graph(self.TREE), {("left", "1.0.0"): checksum}))
        read = json.loads(text)
        left = next(one for one in read["components"] if one["name"] == "left")
        self.assertEqual(left["licenses"], [{"expression": "MIT OR Apache-2.0"}])
        self.assertEqual(left["hashes"], [{"alg": "SHA-256", "content": checksum}])
        self.assertEqual(read["metadata"]["component"]["name"], "ours")
        self.assertFalse({"serialNumber"} & set(read) or "timestamp" in read["metadata"] or "/some/where" in text)

    def test_a_line_that_is_not_understood_is_a_fault(self) -> None:
        self.assertRaises(sbom.NoSbom, sbom.graph, "error: no such crate\n")

    def test_each_function_is_listed_without_the_crates_of_its_tests(self) -> None:
        for artefact in pack.ARTEFACTS:
            uses = sbom.graph(sbom.tree(pack.ROOT, artefact.package, artefact.target.partition(".")[0]))
            names = {crate.name for crate in uses}
            self.assertIn("holdfast-core", names)
            self.assertIn("aws-lc-sys", names)
            self.assertFalse({"holdfast-testkit", "holdfast-simulator", "proptest", "serde_derive"} & names)


class Sums(InAFolder):
    def test_every_file_has_its_sum(self) -> None:
        self.file("b", b"b"), self.file("a", b"a")
        pack.write_sums(self.folder)
        lines = (self.folder / "SHA256SUMS").read_text().splitlines()
        self.assertEqual(lines, [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("a", "b")])


if __name__ == "__main__":
    unittest.main()
