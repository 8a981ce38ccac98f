//! The same answers in plain sentences.

use std::{fmt::Write as _, path::Path};

use carnet_wallet_core::views::{
    ActivityLine, AnswerView, AttachmentView, BackupView, ClinicView, ConsentLine, ConsentView, GroupCount,
    LogView, PartyTrustView, ProfileView, QuestionView, ReadView, RecordLine, RecordView, RecoveryView,
    RejectedView, RestoredView, RevocationView, RevokeAllView, SlipUsedView, SyncView, TrustView,
    VaultCheckView,
};

/// The drawers in the order in which a person looks for things.
const GROUPS: [&str; 15] = [
    "person",
    "medicines",
    "allergies",
    "conditions",
    "laboratory",
    "vitals",
    "vaccinations",
    "procedures",
    "visits",
    "notes",
    "reports",
    "plans",
    "other",
    "administrative",
    "directory",
];

/// Words as they are written on paper: four in a row, each with its number.
fn rows_of(words: &[&str]) -> String {
    let mut text = String::new();
    for (row, four) in words.chunks(4).enumerate() {
        for (column, word) in four.iter().enumerate() {
            let _ = write!(text, "{:>3}. {word:<10}", row * 4 + column + 1);
        }
        text.push('\n');
    }
    text
}

pub(crate) fn words(fingerprint: &str, words: &[&str]) -> String {
    format!(
        "The 24 words of the wallet {fingerprint}. Whoever has them has your wallet.\n\n{}",
        rows_of(words)
    )
}

pub(crate) fn checked(check: &VaultCheckView) -> String {
    format!(
        "Everything is as it was put in: {} records among {} entries, {} of them large, {} bytes in all.\n\
         The log has {} lines and is whole; it ends at {}.\n\
         The vault is at change {}; its root is {}.",
        check.records,
        check.entries,
        check.bodies,
        check.bytes,
        check.log_entries,
        check.log_hash,
        check.epoch,
        check.root
    )
}

pub(crate) fn made(dir: &Path, fingerprint: &str, words: &[&str], trust: Option<&TrustView>) -> String {
    let mut text = format!(
        "Your vault is in {}.\nIts local name is {fingerprint}.\n\n",
        dir.display()
    );
    text.push_str("Write these 24 words on paper. Whoever has them has your wallet; without them a forgotten\npassphrase can't be replaced.\n\n");
    text.push_str(&rows_of(words));
    if let Some(trust) = trust {
        let _ = write!(text, "\n{}", self::trust(trust));
    }
    text
}

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

pub(crate) fn imported(
    imported: u32,
    already_here: u32,
    rejected: &[RejectedView],
    rejected_total: u32,
) -> String {
    let mut text = format!("{imported} records imported.");
    if already_here > 0 {
        let _ = write!(text, " {already_here} were here already.");
    }
    if !rejected.is_empty() {
        let _ = writeln!(text, " {rejected_total} were not taken:");
        for entry in rejected {
            let _ = writeln!(text, "  {}: {} ({})", entry.entry, entry.message, entry.code);
        }
        if rejected_total as usize > rejected.len() {
            let _ = writeln!(text, "  … and {} more", rejected_total as usize - rejected.len());
        }
    }
    text
}

pub(crate) fn records(lines: &[RecordLine]) -> String {
    if lines.is_empty() {
        return "There are no records here yet. Import a FHIR file with `carnet records import FILE`."
            .to_owned();
    }
    let mut text = String::new();
    for group in GROUPS {
        if !lines.iter().any(|line| line.group == group) {
            continue;
        }
        let _ = writeln!(text, "{}", capital(group));
        for line in lines.iter().filter(|line| line.group == group) {
            let _ = writeln!(text, "  {:<8}  {}", short(&line.id, 8), record_line(line));
        }
        text.push('\n');
    }
    text
}

fn record_line(line: &RecordLine) -> String {
    let mut text = format!("{:<10}  {}", line.date.as_deref().unwrap_or("-"), line.title);
    if let Some(detail) = &line.detail {
        let _ = write!(text, ": {detail}");
    }
    if !line.sensitive.is_empty() {
        let _ = write!(text, "  [sensitive: {}]", line.sensitive.join(", "));
    }
    text
}

pub(crate) fn record(view: &RecordView) -> String {
    let mut text = format!("{}\n{}\n\n", view.line.resource_type, record_line(&view.line));
    for field in &view.fields {
        let _ = writeln!(text, "{}: {}", field.label, field.value);
    }
    if view.series.len() > 1 {
        text.push_str("\nOver time:\n");
        for point in &view.series {
            let _ = writeln!(
                text,
                "  {}  {} {}",
                point.date,
                point.value,
                view.unit.as_deref().unwrap_or_default()
            );
        }
    }
    text
}

pub(crate) fn attachments(attachments: &[AttachmentView]) -> String {
    if attachments.is_empty() {
        return "This record holds no files.".to_owned();
    }
    let mut text = String::new();
    for attachment in attachments {
        let size = match attachment.bytes {
            Some(bytes) => format!("{bytes} bytes"),
            None => "only an address, which is not followed".to_owned(),
        };
        let title = attachment.title.as_deref().unwrap_or("-");
        let _ = writeln!(
            text,
            "{}  {title}  {}  {size}",
            attachment.index, attachment.content_type
        );
    }
    text
}

pub(crate) fn question(question: &QuestionView) -> String {
    let mut text = format!(
        "{} asks.\nVouched for by {}",
        question.verifier.name, question.verifier.vouched_by
    );
    text.push_str(if question.development {
        " (a development list: nobody has checked them).\n"
    } else {
        ".\n"
    });
    if let (Some(period), Some(days)) = (&question.period, question.retention_days) {
        let _ = writeln!(text, "For: {}", question.purpose.join(", "));
        let _ = writeln!(
            text,
            "May read until {}; keeps a copy for {days} days.\n",
            day(&period.end)
        );
    }
    for item in &question.items {
        let mut marks = vec![if item.required { "needed" } else { "optional" }.to_owned()];
        if item.sensitive {
            marks.push(format!("{} sensitive", item.sensitive_count));
        }
        if item.excess {
            marks.push("more than this purpose needs".to_owned());
        }
        let _ = writeln!(
            text,
            "{}: {} records ({})",
            item.scope,
            item.matching,
            marks.join(", ")
        );
        for line in &item.records {
            let _ = writeln!(text, "    {}", record_line(line));
        }
        for withheld in &item.withheld {
            let why = match withheld.reason.as_str() {
                "outside_period" => "older or newer than asked for",
                _ => "carries more than was asked for",
            };
            let _ = writeln!(text, "    stays home ({why}): {}", record_line(&withheld.record));
        }
    }
    for card in &question.cards {
        let need = if card.required {
            "needed"
        } else {
            "see the choices"
        };
        let _ = writeln!(
            text,
            "{} ({need}), as --card {}=ID:",
            card.kinds.join(" or "),
            card.query
        );
        if !card.issuers.is_empty() {
            let _ = writeln!(text, "    only by {}", card.issuers.join(" or "));
        }
        if card.options.is_empty() {
            text.push_str("    you hold no such card\n");
        }
        for option in &card.options {
            let issuer = option.issuer.name.as_deref().unwrap_or("nobody on your list");
            let last = if option.last_copy { ", the last copy" } else { "" };
            let _ = writeln!(text, "    {} {} by {issuer}{last}", option.card, option.title);
            for claim in &option.shown {
                let _ = writeln!(text, "        {}: {}", claim.label, claim.value);
            }
        }
    }
    for statement in &question.statements {
        crate::statements::asked(statement, &mut text);
    }
    for choice in &question.card_choices {
        let options: Vec<String> = choice.options.iter().map(|ids| ids.join(" with ")).collect();
        let need = if choice.required { "needed" } else { "optional" };
        let _ = writeln!(text, "One of ({need}): {}", options.join(" · "));
    }
    let _ = writeln!(
        text,
        "\nNothing was answered. This question can be answered until {}.",
        question.expires
    );
    text
}

pub(crate) fn answered(done: &AnswerView) -> String {
    let code = done.code.as_deref().unwrap_or("-");
    let consent = done.consent_id.as_deref().unwrap_or("-");
    let unconfirmed = done
        .ledger
        .as_ref()
        .is_some_and(|ledger| ledger.status == "unconfirmed");
    match done.state.as_str() {
        "granted" => {
            let status = done
                .ledger
                .as_ref()
                .map_or("unknown", |ledger| ledger.status.as_str());
            let recorded = if status == "pending" {
                "It is being recorded."
            } else {
                "It is recorded."
            };
            format!(
                "You shared {} records. {recorded}\nRead these digits out at the desk: {code}\nTake it back with `carnet consents revoke {consent}`.",
                done.records
            )
        }
        "sending" if unconfirmed => format!(
            "Your answer is on its way to the register, which has not confirmed it yet. Until it has, nothing is shared.\nYou \
             need do nothing: it goes on by itself, and `carnet sync` goes on where this stopped.\nThen the desk asks for these \
             digits: {code}\n`carnet consents revoke {consent}` takes it back."
        ),
        "shown" => format!(
            "You showed {}.\nRead these digits out at the desk: {code}",
            if done.shown == 1 {
                "a card".to_owned()
            } else {
                format!("{} cards", done.shown)
            }
        ),
        "proved" => format!(
            "They were shown that it holds, and nothing of the value.\nThe desk must see these digits on your screen: {code}"
        ),
        _ => format!(
            "Your answer is with them, but it is not yet confirmed, and no record has left.\nRead these digits out at the desk: {code}\n`carnet sync` tries again; `carnet consents revoke {consent}` takes it back."
        ),
    }
}

pub(crate) fn consents(lines: &[ConsentLine]) -> String {
    if lines.is_empty() {
        return "Nobody can see your records.".to_owned();
    }
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(
            text,
            "{:<8}  {:<9}  {}  until {}  {}",
            short(&line.consent_id, 8),
            line.state,
            line.verifier,
            day(&line.end),
            if line.recovered {
                "found after a restore; what was shared is not known".to_owned()
            } else {
                groups(&line.groups)
            }
        );
    }
    text
}

pub(crate) fn consent(view: &ConsentView) -> String {
    let line = &view.line;
    let mut text = format!("{}: {}\n", line.verifier, line.state);
    if line.recovered {
        let _ = writeln!(
            text,
            "From {} until {}.\nFound on the ledger after a restore: what was shared is not known any more. It can be taken back.",
            day(&line.start),
            day(&line.end)
        );
        if let Some(revocation) = &view.revocation {
            let _ = writeln!(text, "{}", revoked(revocation));
        }
        return text;
    }
    let _ = writeln!(
        text,
        "From {} until {}; they keep a copy for {} days.",
        day(&line.start),
        day(&line.end),
        view.retention_days
    );
    let _ = writeln!(text, "For: {}", view.purpose.join(", "));
    let _ = writeln!(
        text,
        "Shared: {} ({} records)",
        groups(&line.groups),
        line.records
    );
    for scope in &view.granted {
        let _ = writeln!(text, "  yes  {scope}");
    }
    for scope in &view.not_granted {
        let _ = writeln!(text, "  no   {scope}");
    }
    if let Some(code) = &view.code {
        let _ = writeln!(text, "Digits for the desk: {code}");
    }
    if let Some(ledger) = &view.ledger {
        let keeper = if ledger.kind == "embedded" {
            ", recorded by the clinic itself"
        } else {
            ""
        };
        let _ = writeln!(text, "Recorded: {}{keeper}", ledger.status);
    }
    if let Some(revocation) = &view.revocation {
        let _ = writeln!(text, "{}", revoked(revocation));
    }
    text.push_str(&reads(&view.reads));
    text
}

pub(crate) fn revoked(done: &RevocationView) -> String {
    let fact = |fact: &str| match fact {
        "confirmed" => "confirmed",
        "handed_in" => "handed in, not yet confirmed",
        _ => "not yet confirmed",
    };
    let mut text = format!(
        "Taken back.\n  On the ledger:    {}\n  By the clinic:    {}\n  Deletion receipt: {}",
        fact(&done.ledger),
        fact(&done.clinic),
        if done.deletion_receipt {
            "here"
        } else {
            "not yet here"
        },
    );
    if done.copied {
        text.push_str("\nThey had copied records into their own file before; that copy is out of reach.");
    }
    if done.state == "revoking" {
        text.push_str("\nWhat is not yet confirmed is tried again by `carnet sync`.");
    }
    text
}

pub(crate) fn reads(reads: &[ReadView]) -> String {
    if reads.is_empty() {
        return "Nobody has looked yet, as far as they report.".to_owned();
    }
    let mut text = String::new();
    for read in reads {
        let proof = match read.proof.as_str() {
            "proven" => "proven in the clinic's log",
            "broken" => "THE CLINIC'S LOG DOES NOT FIT WHAT WAS KNOWN OF IT",
            _ => "not proven",
        };
        let _ = writeln!(text, "{}  {}: {} ({proof})", read.when, read.who, read.what);
    }
    text + "This proves that what is listed was not changed afterwards, not that everything is listed."
}

pub(crate) fn sync(done: &SyncView) -> String {
    match (done.sent, done.waiting) {
        (0, 0) => "Nothing was waiting.".to_owned(),
        (sent, 0) => format!("{sent} sent. Nothing is waiting."),
        (sent, waiting) => format!("{sent} sent, {waiting} still waiting."),
    }
}

pub(crate) fn recovery(view: &RecoveryView) -> String {
    let mut text = match view.found {
        0 => "No earlier consents were found".to_owned(),
        1 => "One earlier consent was found".to_owned(),
        found => format!("{found} earlier consents were found"),
    };
    if view.done {
        text.push_str(". Every ledger of the list was read.");
    } else {
        let _ = write!(
            text,
            " so far. Not yet asked: {}.\nUntil then nothing new can be granted. `carnet sync` tries again; `carnet restore --skip NAME` gives one up:\nwhat was shared there is then not found, and ends by itself.",
            view.pending.join(", ")
        );
    }
    text
}

pub(crate) fn revoked_all(view: &RevokeAllView) -> String {
    if view.consents.is_empty() {
        return "There was nothing to take back: nobody can see your records.".to_owned();
    }
    let mut text = String::new();
    for line in &view.consents {
        let how = if line.revocation.state == "revoked" {
            "taken back, confirmed"
        } else {
            "taken back, not yet confirmed"
        };
        let _ = writeln!(
            text,
            "{:<8}  {}  {how}",
            short(&line.consent_id, 8),
            line.verifier
        );
    }
    if view.waiting > 0 {
        let _ = write!(
            text,
            "{} not yet confirmed everywhere; `carnet sync` tries again until they are.",
            view.waiting
        );
    }
    text
}

pub(crate) fn slip_used(view: &SlipUsedView) -> String {
    let mut text = format!(
        "Taken back. The ledger at {} says so, as of {}.\n",
        view.place, view.as_of
    );
    if view.already {
        text.push_str("It had been taken back before; nothing has changed now.\n");
    }
    text.push_str(
        "The clinic's system refuses every further look and destroys the key of its copy.\nWhat was printed, or copied into the clinic's own file before, stays there.\nThe slip is used up; it can be thrown away.",
    );
    text
}

pub(crate) fn slip(file: &Path, verifier: &str, end: &str) -> String {
    format!(
        "The slip is in {}. Print it and keep it with your important papers.\nWhoever holds it can end what you let {verifier} see, and do nothing else. It is good until {}.\nDelete the file when it is printed.",
        file.display(),
        day(end)
    )
}

pub(crate) fn people(people: &[ProfileView]) -> String {
    let mut text = String::new();
    for person in people {
        let _ = writeln!(
            text,
            "{:>3}  {}  records: {}, active consents: {}",
            person.number,
            person.name.as_deref().unwrap_or("(no name yet)"),
            person.records,
            person.active_consents
        );
    }
    text
}

pub(crate) fn log(view: &LogView) -> String {
    format!(
        "The log is whole: {} entries, each following from the one before.\nIt ends in {}. Note this down to compare it later.",
        view.entries, view.hash
    )
}

pub(crate) fn backed_up(done: &BackupView, own_passphrase: bool) -> String {
    format!(
        "Your backup is {}: {} records, {:.1} MB. It was read again and is whole.\nIt opens with {} or with the 24 words. Keep it on another device.",
        done.path,
        done.records,
        done.bytes / 1e6,
        if own_passphrase {
            "its own passphrase"
        } else {
            "your passphrase"
        }
    )
}

pub(crate) fn restored(dir: &Path, done: &RestoredView) -> String {
    format!(
        "Your wallet is back in {}: {} records and {} consents of {} people. Its local name is {}.\nWhat you gave since the backup is looked for next: run `carnet sync`. Nothing new can be granted before.",
        dir.display(),
        done.records,
        done.consents,
        done.people,
        done.fingerprint
    )
}

pub(crate) fn activity(lines: &[ActivityLine]) -> String {
    if lines.is_empty() {
        return "Nothing has happened yet.".to_owned();
    }
    let mut text = String::new();
    let several = lines.iter().any(|line| line.profile != lines[0].profile);
    for line in lines {
        let _ = write!(text, "{}  {}", line.when, line.what.replace('_', " "));
        if several {
            let _ = write!(text, "  (person {})", line.profile);
        }
        for part in [line.who.clone(), Some(groups(&line.groups)), line.code.clone()]
            .into_iter()
            .flatten()
        {
            if !part.is_empty() {
                let _ = write!(text, "  {part}");
            }
        }
        text.push('\n');
    }
    text
}

fn groups(groups: &[GroupCount]) -> String {
    groups
        .iter()
        .map(|group| format!("{} ({})", group.group, group.count))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The last day of a time that ends at midnight.
pub(crate) fn last_day(until: &str) -> Option<String> {
    let until: jiff::Timestamp = until.parse().ok()?;
    let last = until - jiff::SignedDuration::from_secs(1);
    Some(last.strftime("%Y-%m-%d").to_string())
}

pub(crate) fn short(id: &str, length: usize) -> &str {
    id.get(..length).unwrap_or(id)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
