#!/usr/bin/env bash
# Builds one executable as it is shipped and prints its path:
#   scripts/build-shipped.sh holdfast-aws-lambda aarch64-unknown-linux-gnu.2.34
# The compiler for C (aws-lc, the cryptography, is C), the linker and the C library are those of a pinned Zig, for both architectures. So the
# machine needs no cross compiler, the glibc that is needed is the one named (none for musl), and the result does not depend on
# the machine's own libraries. No path of this machine gets into the executable: the same sources give the same bytes in any folder.
#   stdout  the path, nothing else
set -euo pipefail
cd "$(dirname "$0")/.."
package="$1" target="$2"
rust_target="${target%%.*}" # without the version of glibc
tools="$(scripts/venv.sh scripts/packaging/cross.txt)"
[[ -d "$(rustc --print target-libdir --target "$rust_target")" ]] || rustup target add "$rust_target" >&2

root="$PWD" registry="${CARGO_HOME:-$HOME/.cargo}"
export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$root=/holdfast"$'\x1f'"--remap-path-prefix=$registry=/cargo"
export "CFLAGS_${rust_target//-/_}=-ffile-prefix-map=$root=/holdfast -ffile-prefix-map=$registry=/cargo"
# The target folder is that of the tree: its path is part of what is mapped.
PATH="$tools/bin:$PATH" cargo-zigbuild zigbuild --locked --release --target-dir "$root/target" -p "$package" --target "$target" >&2

case "$package" in
holdfast-aws-lambda) name=bootstrap ;;
holdfast-azure-function) name=handler ;;
*) name="${package#holdfast-}" ;;
esac
echo "$root/target/$rust_target/release/$name"
