//! The generator of Kotlin and Swift, pinned to the version of UniFFI that the library uses.

fn main() {
    uniffi::uniffi_bindgen_main();
}
