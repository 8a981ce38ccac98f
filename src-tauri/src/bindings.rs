//! The commands and their types, once for the shell and once as TypeScript.

use tauri::Runtime;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::{
    commands,
    state::{Changed, LinkArrived},
    task::TaskProgress,
};

/// Every command there is. One that is not listed here is refused.
#[must_use]
pub fn builder<R: Runtime>() -> Builder<R> {
    Builder::<R>::new()
        .disable_serde_phases()
        .commands(collect_commands![
            commands::keys::vault_state,
            commands::keys::create_vault,
            commands::keys::show_words,
            commands::keys::words_kept,
            commands::keys::unlock,
            commands::keys::lock,
            commands::keys::still_here,
            commands::keys::reset_passphrase,
            commands::keys::change_passphrase,
            commands::keys::rotate_key,
            commands::keys::accept_older_copy,
            commands::home,
            commands::people::profiles,
            commands::people::switch_profile,
            commands::people::add_profile,
            commands::people::rename_profile,
            commands::people::remove_profile,
            commands::backup::make_backup,
            commands::backup::restore_backup,
            commands::backup::restore_words,
            commands::backup::recovery,
            commands::backup::scan,
            commands::backup::skip_registry,
            commands::backup::cancel_task,
            commands::records::preview_import,
            commands::records::import_records,
            commands::records::preview_import_path,
            commands::records::import_path,
            commands::records::records,
            commands::records::records_page,
            commands::records::record,
            commands::records::attachments,
            commands::records::attachment,
            commands::records::save_attachment,
            commands::records::read_code_picture,
            commands::consents::trust,
            commands::consents::parties,
            commands::consents::trust_of,
            commands::consents::preview_clinic,
            commands::consents::add_clinic,
            commands::consents::remove_clinic,
            commands::consents::inspect,
            commands::consents::question,
            commands::consents::answer,
            commands::consents::deny,
            commands::consents::consents,
            commands::consents::consent,
            commands::consents::revoke,
            commands::consents::revoke_all,
            commands::consents::save_slip,
            commands::consents::refresh_reads,
            commands::consents::sync,
            commands::shown::take_link,
            commands::shown::show_offer,
            commands::shown::offer_state,
            commands::shown::show_pass,
            commands::shown::challenge,
            commands::shown::answer_challenge,
            commands::credentials::cards,
            commands::credentials::card,
            commands::credentials::import_card,
            commands::credentials::import_card_text,
            commands::credentials::look_up_card,
            commands::credentials::remove_card,
            commands::credentials::save_receipt,
            commands::issuance::open_code,
            commands::issuance::card_offer,
            commands::issuance::accept_card_offer,
            commands::issuance::begin_sign_in,
            commands::issuance::finish_sign_in,
            commands::issuance::decline_card_offer,
            commands::issuance::refill_card,
            commands::registers::registers,
            commands::registers::save_register_states,
            commands::registers::save_contradiction,
            commands::registers::compare_registers,
            commands::log::activity,
            commands::log::verify_log,
            commands::log::export_log,
        ])
        .events(collect_events![Changed, TaskProgress, LinkArrived])
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
