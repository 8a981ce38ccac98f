//! What each command does and answers.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use carnet_wallet_core::{
    Choice, ChosenCard, Clock, Device, Wallet,
    views::{ConsentLine, ConsentView, QuestionView, RecordLine},
};
use serde_json::{Value, json};

mod vault;

use crate::{
    arguments::{Arguments, Command, Common, ConsentsCommand, RecordsCommand, TrustCommand},
    backup, credentials, did, doors,
    failure::Failure,
    import, log, people, plain, prove,
    register::{self, Patience},
    registers, rescue, show, statements,
};

/// How long a command that only looks waits for what is still to be sent.
const CATCH_UP: Duration = Duration::from_secs(6);

/// What a command answers: for programs and for people.
#[derive(Debug)]
pub(crate) struct Answer {
    /// One JSON object.
    json: String,
    plain: String,
}

impl Answer {
    pub(crate) fn new(json: &Value, plain: String) -> Self {
        Self {
            json: json.to_string(),
            plain,
        }
    }

    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        let text = if json { &self.json } else { &self.plain };
        if text.is_empty() {
            // It was written as it came.
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{}", text.trim_end())
            .and_then(|()| stdout.flush())
            .map_err(|_| {
                Failure::here(
                    "no_output",
                    "The answer could not be written.",
                    "Check where the output goes.",
                )
            })
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let common = &arguments.common;
    match arguments.command {
        Command::Init => init(common),
        Command::ReadCode { picture } => {
            let link = Wallet::read_code(&doors::read_file(&picture)?)?;
            Ok(Answer::new(&json!({ "uri": link }), link.clone()))
        }
        Command::Trust { command } => trust(&doors::open_for_everyone(common)?, command),
        Command::Records { command } => records(common, command),
        Command::Inspect { uri } => {
            let question = doors::open(common)?.inspect(&uri).await?;
            Ok(Answer::new(&question_json(&question), plain::question(&question)))
        }
        Command::Offer(offer) => show::offer(&doors::open(common)?, offer).await,
        Command::Pass { id } => show::pass(&doors::open(common)?, &id),
        Command::Answer {
            uri,
            grant,
            card,
            deny,
            no_wait,
        } => {
            let patience = register::patience(common, no_wait);
            answer(&doors::open(common)?, patience, &uri, grant, &card, deny).await
        }
        Command::Consents { command } => {
            let of_everyone = matches!(command, ConsentsCommand::RevokeAll { everyone: true, .. });
            let wallet = if of_everyone {
                doors::open_for_everyone(common)?
            } else {
                doors::open(common)?
            };
            consents(&wallet, common, command).await
        }
        Command::Credentials { command } => credentials::run(&doors::open(common)?, command).await,
        Command::Restore { words_file, skip } => rescue::restore(common, words_file.as_deref(), &skip).await,
        Command::RevokeWith { slip, at } => rescue::revoke_with(common, &slip, at.as_deref()).await,
        Command::Prove(prove) => prove::run(&doors::open(common)?, common, prove).await,
        Command::Statements => statements::run(&doors::open(common)?),
        Command::Did { command } => did::run(command).await,
        Command::Sync => {
            let wallet = doors::open_for_everyone(common)?;
            let done = wallet.sync().await?;
            let mut json = json!({ "sent": done.sent, "waiting": done.waiting });
            let mut text = plain::sync(&done);
            if let Some(view) = wallet.recovery()? {
                json["recovery"] = json!(view);
                if !view.done {
                    text = format!("{text}\n{}", plain::recovery(&view));
                }
            }
            Ok(Answer::new(&json, text))
        }
        Command::Log { command } => log::run(common, command).await,
        Command::People { command } => people::run(&doors::open_for_everyone(common)?, command),
        Command::Backup { command } => backup::run(common, command),
        Command::Activity { everyone } => {
            let lines = if everyone {
                doors::open_for_everyone(common)?.activity_of_everyone()?
            } else {
                doors::open(common)?.activity()?
            };
            Ok(Answer::new(
                &json!({ "activity": lines }),
                plain::activity(&lines),
            ))
        }
        Command::Vault { command } => vault::run(common, command),
    }
}

fn init(common: &Common) -> Result<Answer, Failure> {
    let dir = doors::vault_dir(common)?;
    // Before anything is made: a list that can't be taken must not leave a vault whose words nobody saw.
    if let Some(file) = &common.trust {
        Wallet::preview_trust(&doors::read_file(file)?, &Clock::system())?;
    }
    let passphrase = doors::passphrase(common, true)?;
    let made = Wallet::create(&dir, &passphrase, doors::kdf()?, Device::system())?;
    doors::take_trust(&made.wallet, common)?;
    let words = made.words.list();
    let fingerprint = made.wallet.fingerprint();
    let mut json = json!({ "fingerprint": fingerprint, "words": words });
    let trust = made.wallet.trust()?;
    if let Some(trust) = &trust {
        json["trust"] =
            json!({ "authority": trust.authority, "development": trust.development, "root": trust.root });
    }
    made.wallet.words_seen()?;
    Ok(Answer::new(
        &json,
        plain::made(&dir, &fingerprint, &words, trust.as_ref()),
    ))
}

fn trust(wallet: &Wallet, command: TrustCommand) -> Result<Answer, Failure> {
    match command {
        TrustCommand::Show => shown_trust(wallet),
        TrustCommand::Parties => {
            let parties = wallet.parties()?;
            let names: Vec<&str> = parties.iter().map(|party| party.name.as_str()).collect();
            Ok(Answer::new(&json!({ "parties": parties }), names.join("\n")))
        }
        TrustCommand::Why { id } => {
            let why = wallet.trust_of(&id)?;
            Ok(Answer::new(&json!(why), plain::why(&why)))
        }
        TrustCommand::AddClinic { file, fingerprint } => {
            let content = String::from_utf8_lossy(&doors::read_file(&file)?).into_owned();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            match fingerprint {
                None => {
                    let clinic = wallet.preview_clinic(&name, &content)?;
                    Ok(Answer::new(&json!(clinic), plain::clinic(&clinic)))
                }
                Some(typed) => {
                    let line = wallet.add_clinic(&content, &typed)?;
                    Ok(Answer::new(&json!(line), format!("Added: {}", line.name)))
                }
            }
        }
        TrustCommand::RemoveClinic { id } => {
            wallet.remove_clinic(&id)?;
            Ok(Answer::new(&json!({ "removed": id }), "Removed.".to_owned()))
        }
    }
}

fn shown_trust(wallet: &Wallet) -> Result<Answer, Failure> {
    let trust = wallet.trust()?.ok_or_else(|| {
        Failure::here(
            "no_trust_list",
            "This wallet knows no organisations yet.",
            "Give it a list once: `carnet --trust FILE trust show`.",
        )
    })?;
    Ok(Answer::new(&json!(trust), plain::trust(&trust)))
}

fn records(common: &Common, command: RecordsCommand) -> Result<Answer, Failure> {
    let wallet = doors::open(common)?;
    match command {
        RecordsCommand::Import { files, other_person } => {
            import::import(&wallet, common, &files, other_person)
        }
        RecordsCommand::List { resource_type } => {
            let lines = wallet.records(resource_type.as_deref())?;
            let json: Vec<Value> = lines.iter().map(record_json).collect();
            Ok(Answer::new(&json!({ "records": json }), plain::records(&lines)))
        }
        RecordsCommand::Show { id } => Ok(Answer {
            json: wallet.record_raw(&id)?,
            plain: plain::record(&wallet.record(&id)?),
        }),
        RecordsCommand::Attachment { id, number, out } => attachment(&wallet, &id, number.zip(out)),
        RecordsCommand::Export { file: None } => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            wallet.export_records(&mut out)?;
            Ok(Answer {
                json: String::new(),
                plain: String::new(),
            })
        }
        RecordsCommand::Export { file: Some(file) } => {
            let mut out = std::io::BufWriter::new(
                std::fs::File::create(&file).map_err(|error| unwritable(&file, &error))?,
            );
            let records = wallet.export_records(&mut out)?;
            let plain = format!("{records} records written to {}.", file.display());
            Ok(Answer::new(&json!({ "exported": records, "file": file }), plain))
        }
    }
}

fn attachment(wallet: &Wallet, id: &str, which: Option<(u32, PathBuf)>) -> Result<Answer, Failure> {
    let Some((number, file)) = which else {
        let attachments = wallet.attachments(id)?;
        return Ok(Answer::new(
            &json!({ "attachments": attachments }),
            plain::attachments(&attachments),
        ));
    };
    let bytes = wallet.attachment(id, number)?;
    std::fs::write(&file, &bytes).map_err(|error| unwritable(&file, &error))?;
    let plain = format!(
        "{} bytes written to {}. That copy is not sealed.",
        bytes.len(),
        file.display()
    );
    Ok(Answer::new(&json!({ "bytes": bytes.len(), "file": file }), plain))
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::here(
        "unwritable_file",
        format!("{} can't be written: {error}", file.display()),
        "Choose another place.",
    )
}

async fn answer(
    wallet: &Wallet,
    patience: Patience,
    uri: &str,
    grant: Vec<String>,
    cards: &[ChosenCard],
    deny: bool,
) -> Result<Answer, Failure> {
    if deny {
        let done = wallet.deny(uri).await?;
        return Ok(Answer::new(
            &json!({ "decision": done.decision }),
            "You said no. Nothing was shared.".to_owned(),
        ));
    }
    let choice = match grant.as_slice() {
        [one] if one == "all" => Choice::All,
        [one] if one == "required" => Choice::Required,
        _ => Choice::Scopes(grant),
    };
    let done = wallet.answer(uri, &choice, cards).await?;
    let done = patience.answered(wallet, done).await?;
    let json = json!({
        "decision": done.decision,
        "consent_id": done.consent_id,
        "grant_id": done.grant_id,
        "code": done.code,
        "state": done.state,
        "ledger": done.ledger.as_ref().map(ledger_json),
        "shown": done.shown,
    });
    Ok(Answer::new(&json, plain::answered(&done)))
}

async fn consents(wallet: &Wallet, common: &Common, command: ConsentsCommand) -> Result<Answer, Failure> {
    let takes_back = matches!(
        command,
        ConsentsCommand::Revoke { .. } | ConsentsCommand::RevokeAll { .. }
    );
    if wallet.needs_sync() && !takes_back {
        // What can't be sent now stays in the outbox; looking goes on without it.
        let _ = tokio::time::timeout(CATCH_UP, wallet.sync()).await;
    }
    match command {
        ConsentsCommand::List => {
            let lines = wallet.consents()?;
            let json: Vec<Value> = lines.iter().map(consent_json).collect();
            Ok(Answer::new(&json!({ "consents": json }), plain::consents(&lines)))
        }
        ConsentsCommand::Show { id } => {
            let view = wallet.consent(&id)?;
            Ok(Answer::new(&consent_view_json(&view), plain::consent(&view)))
        }
        ConsentsCommand::Revoke { id, no_wait } => {
            let done = wallet.revoke(&id).await?;
            let done = register::patience(common, no_wait)
                .revoked(wallet, &id, done)
                .await?;
            let json = json!({
                "state": done.state,
                "ledger": done.ledger,
                "clinic": done.clinic,
                "deletion_receipt": done.deletion_receipt,
            });
            Ok(Answer::new(&json, plain::revoked(&done)))
        }
        ConsentsCommand::RevokeAll { everyone, yes } => {
            rescue::revoke_all(wallet, common, everyone, yes).await
        }
        ConsentsCommand::Evidence { id, out } => registers::evidence(wallet, &id, &out),
        ConsentsCommand::Slip { id, out } => rescue::slip(wallet, &id, &out),
        ConsentsCommand::Reads { id } => {
            let reads = wallet.reads(&id).await?;
            Ok(Answer::new(&json!({ "reads": reads }), plain::reads(&reads)))
        }
    }
}

fn record_json(line: &RecordLine) -> Value {
    json!({
        "id": line.id,
        "type": line.resource_type,
        "date": line.date,
        "title": line.title,
        "sensitive": line.sensitive,
    })
}

fn question_json(question: &QuestionView) -> Value {
    let items: Vec<Value> = question
        .items
        .iter()
        .map(|item| {
            json!({
                "scope": item.scope,
                "required": item.required,
                "matching": item.matching,
                "sensitive": item.sensitive,
                "excess": item.excess,
            })
        })
        .collect();
    json!({
        "verifier": { "id": question.verifier.id, "name": question.verifier.name },
        "purpose": question.purpose,
        "items": items,
        "period": question.period,
        "retention": question.retention_days.map(|days| format!("P{days}D")),
        "cards": question.cards,
        "card_choices": question.card_choices,
        "statements": question.statements,
    })
}

fn ledger_json(ledger: &carnet_wallet_core::views::LedgerView) -> Value {
    json!({
        "status": ledger.status,
        "chain_id": ledger.chain_id,
        "registry": ledger.registry,
        "kind": ledger.kind,
        "evidence": ledger.evidence,
    })
}

fn consent_json(line: &ConsentLine) -> Value {
    json!({
        "consent_id": line.consent_id,
        "grant_id": line.grant_id,
        "state": line.state,
        "verifier": line.verifier,
        "end": line.end,
        "recovered": line.recovered,
    })
}

/// The list's shape with one consent in it, and the rest of it beside.
fn consent_view_json(view: &ConsentView) -> Value {
    json!({
        "consents": [consent_json(&view.line)],
        "start": view.line.start,
        "groups": view.line.groups,
        "records": view.line.records,
        "decision": view.decision,
        "purpose": view.purpose,
        "granted": view.granted,
        "not_granted": view.not_granted,
        "retention": format!("P{}D", view.retention_days),
        "code": view.code,
        "ledger": view.ledger.as_ref().map(ledger_json),
        "revocation": view.revocation,
        "reads": view.reads,
        "reads_as_of": view.reads_as_of,
    })
}
