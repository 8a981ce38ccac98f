//! The development authority: with no `--trust-list`, `serve` has one made beside it, in its own folder and by
//! child processes, so that the serving process never loads the key that vouches for it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::trust;

/// Its folder, inside the station's.
pub const FOLDER: &str = "development-authority";
/// Days a development list is valid.
const DAYS: &str = "30";

/// Why there is no development list.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    #[error("the development authority could not be started")]
    Start(#[source] std::io::Error),
    #[error("the development authority refused: {0}")]
    Refused(String),
}

/// Has the entry admitted and the list signed where something changed; the list's file.
pub async fn vouch(program: &Path, dir: &Path, entry_file: &Path) -> Result<PathBuf, DevelopmentError> {
    if !trust::exists(dir) {
        run(
            program,
            dir,
            "init",
            &["--name", "Development authority", "--development"],
        )
        .await?;
    }
    run(program, dir, "add", &["--entry", &entry_file.to_string_lossy()]).await?;
    run(program, dir, "sign", &["--days", DAYS, "--if-changed"]).await?;
    Ok(dir.join(trust::LIST_FILE))
}

async fn run(program: &Path, dir: &Path, act: &str, further: &[&str]) -> Result<(), DevelopmentError> {
    let output = Command::new(program)
        .args(["trust", act, "--dir"])
        .arg(dir)
        .args(further)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(DevelopmentError::Start)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(DevelopmentError::Refused(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}
