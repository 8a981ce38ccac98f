//! How long a large file takes; prints, and only fails far outside what a person would wait.

use std::{fs, path::Path, time::Instant};

use carnet_fhir::read_file;

#[test]
fn a_large_bundle_is_read_in_a_moment() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fhir/synthea-r4");
    let Ok(files) = fs::read_dir(&folder) else {
        println!("no real files at {}: nothing measured", folder.display());
        return;
    };
    for path in files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let bytes = fs::read(path).unwrap();
        let start = Instant::now();
        let file = read_file(&bytes).unwrap();
        let took = start.elapsed();
        println!("{} bytes, {} records: {took:?}", bytes.len(), file.records.len());
        assert!(took.as_secs() < 10);
    }
}
