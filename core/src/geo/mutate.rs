//! Bytes gone wrong for tests: a reader of files must answer any of them, and never panic.

/// `count` damaged copies of `good`, the same ones for the same `seed`: bytes changed, cut
/// out, repeated, put in from the characters that formats are made of, and ends cut off.
pub(crate) fn mutations(good: &[u8], seed: u64, count: usize) -> impl Iterator<Item = Vec<u8>> {
    const TELLING: &[u8] = b"<>&;\"',\t\n[]{}:-+.eE0129 #/!\xff\x00\xef";
    let mut state = seed.max(1);
    let mut draw = move |below: usize| {
        // xorshift64: no more than a spread of places is asked of it.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    let good = good.to_vec();
    (0..count).map(move |_| {
        let mut bytes = good.clone();
        for _ in 0..=draw(4) {
            let at = draw(bytes.len());
            let end = (at + 1 + draw(24)).min(bytes.len());
            match draw(6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 => bytes.insert(at, TELLING[draw(TELLING.len())]),
                _ if bytes.is_empty() => {}
                4 => bytes[at] = TELLING[draw(TELLING.len())],
                _ => bytes[at] ^= 1 << draw(8),
            }
        }
        bytes
    })
}
