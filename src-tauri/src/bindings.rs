//! The commands and their types, once for the shell and once as TypeScript.

use tauri::Runtime;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::{commands, state::Changed};

/// Every command there is. One that is not listed here is refused.
#[must_use]
pub fn builder<R: Runtime>() -> Builder<R> {
    Builder::<R>::new()
        .disable_serde_phases()
        .commands(collect_commands![
            commands::vault_state,
            commands::create_vault,
            commands::show_words,
            commands::words_kept,
            commands::unlock,
            commands::lock,
            commands::still_here,
            commands::home,
            commands::trust,
            commands::preview_import,
            commands::import_records,
            commands::records,
            commands::record,
            commands::read_code_picture,
            commands::inspect,
            commands::question,
            commands::answer,
            commands::deny,
            commands::consents,
            commands::consent,
            commands::revoke,
            commands::refresh_reads,
            commands::activity,
            commands::sync,
        ])
        .events(collect_events![Changed])
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use specta_typescript::Typescript;
    use tauri::test::MockRuntime;

    use super::*;

    /// `CARNET_BINDINGS=write cargo test -p carnet-app bindings` writes them anew.
    #[test]
    fn the_committed_bindings_are_those_of_the_commands() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        builder::<MockRuntime>()
            .export(Typescript::default(), &fresh)
            .expect("every type can be said in TypeScript");
        let made = fs::read_to_string(fresh).unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/wallet/bindings.ts");
        if std::env::var_os("CARNET_BINDINGS").is_some_and(|value| value == "write") {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &made).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == made,
            "ui/src/wallet/bindings.ts is not what the commands say: run with CARNET_BINDINGS=write"
        );
    }
}
