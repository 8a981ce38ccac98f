//! Makes sure there is something to embed, then lets Tauri prepare the rest.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    // The pages are embedded: fresh pages, fresh app.
    println!("cargo:rerun-if-changed=../ui/dist/wallet");
    placeholder(Path::new("../ui/dist/wallet"))?;
    tauri_build::build();
    Ok(())
}

/// So that `cargo check` works before the pages were ever built.
fn placeholder(folder: &Path) -> io::Result<()> {
    let page = folder.join("index.html");
    if page.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    fs::write(
        page,
        "<!doctype html><meta charset=utf-8><title>Carnet</title>\
         <p>The pages of Carnet are not built yet: run <code>npm run build</code> in the folder <code>ui</code>, then build the app again.",
    )
}
