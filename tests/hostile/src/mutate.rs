//! Small damage to good input.

use fastrand::Rng;

/// What breaks readers: ends of ranges, brackets, characters of other encodings.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"-1",
    b"0",
    b"NaN",
    b"1e999",
    b"9223372036854775807",
    b"18446744073709551615",
    b"-9223372036854775808",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xfe",
    b"\xf0\x9f\x92\xa5",
    b"\r\n",
    b"=",
    b": ",
    b"-9999-01-01T00:00:00Z",
    b"+1000000-12-31T23:59:60Z",
    b"9999-12-30T22:00:00.999999Z",
    b"2099-01-01T00:00:00.000000Z",
    b"1970-01-01T00:00:00Z",
    b"2147483647",
    b"4294967296",
    b"253402207200",
    b"1764115200000",
];

/// The longest input that is made.
const LONGEST: usize = 1 << 16;

/// One of `seeds` with one to eight pieces of damage.
pub fn damaged(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = rng.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..rng.usize(1..=8) {
        let from = rng.usize(0..=bytes.len());
        let to = rng.usize(from..=bytes.len().min(from + 64));
        match rng.u8(0..7) {
            0 => drop(bytes.drain(from..to)),
            1 => bytes.splice(from..to, rng.choice(WORDS).copied().unwrap_or_default().iter().copied()).for_each(drop),
            2 => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= 1 << rng.u8(0..8)),
            3 => bytes.truncate(from),
            4 => {
                let piece: Vec<u8> = bytes.get(from..to).unwrap_or_default().to_vec();
                let at = rng.usize(0..=bytes.len());
                (0..rng.usize(1..20)).for_each(|_| drop(bytes.splice(at..at, piece.iter().copied())));
            }
            5 => {
                let other = rng.choice(seeds).map(Vec::as_slice).unwrap_or_default();
                let half = other.get(rng.usize(0..=other.len())..).unwrap_or_default();
                bytes.truncate(from);
                bytes.extend_from_slice(half);
            }
            _ => bytes.splice(from..to, (0..rng.usize(0..32)).map(|_| rng.u8(..))).for_each(drop),
        }
        bytes.truncate(LONGEST);
    }
    bytes
}
