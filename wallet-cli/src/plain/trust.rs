//! Who is known, and who vouches for them.

use std::fmt::Write as _;

use carnet_wallet_core::views::{ClinicView, PartyTrustView, TrustView};

use super::day;

pub(crate) fn why(why: &PartyTrustView) -> String {
    let by = if why.added_by_you {
        "you added them yourself".to_owned()
    } else {
        format!("{} vouches for them (list {})", why.vouched_by, why.list_version)
    };
    let expired = if why.list_expired {
        "\nThe list has expired: ask for a new one."
    } else {
        ""
    };
    format!(
        "{}: {by}.\nTheir addresses: {}{expired}",
        why.name,
        why.origins.join(", ")
    )
}

pub(crate) fn clinic(clinic: &ClinicView) -> String {
    let warning = match &clinic.looks_like {
        Some(name) => format!("\nCareful: this name could be taken for {name}, whom you know."),
        None if clinic.mixed_letters => {
            "\nCareful: this name is written in letters of several scripts.".to_owned()
        }
        None => String::new(),
    };
    format!(
        "{}\n{}\nFingerprint: {}{warning}\nCompare it with the paper from the desk, then add it with --fingerprint and its last group.",
        clinic.name,
        clinic.origins.join(", "),
        clinic.fingerprint
    )
}

pub(crate) fn trust(trust: &TrustView) -> String {
    let mut text = format!(
        "You trust {} to say who is who ({}).\n",
        trust.authority, trust.root
    );
    if trust.development {
        text.push_str("This is a development list: nobody has checked these organisations.\n");
    }
    let _ = writeln!(
        text,
        "List {} is good until {}. It names:",
        trust.version,
        day(&trust.expires)
    );
    for name in &trust.organisations {
        let _ = writeln!(text, "  {name}");
    }
    text
}
