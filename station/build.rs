//! The staff page is built by the `ui` folder and embedded here. Without it the station still compiles and
//! says so in the browser, so the folder only has to exist.

use std::{env, fs, path::PathBuf};

fn main() {
    let page =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../ui/dist/station");
    if let Err(error) = fs::create_dir_all(&page) {
        println!("cargo::error=the folder for the staff page could not be made: {error}");
    }
    println!("cargo::rerun-if-changed={}", page.display());
}
