//! What can be typed.

use std::path::PathBuf;

use carnet_wallet_core::{ChosenCard, ReceiptForm, vault::StoreEngine};
use clap::{Args, Parser, Subcommand};

/// A health wallet in the terminal: your records, who asks for them, who has them.
#[derive(Debug, Parser)]
#[command(name = "carnet", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Folder of the vault [default: the data folder of this system]
    #[arg(long, global = true, value_name = "DIR", env = "CARNET_VAULT")]
    pub(crate) vault: Option<PathBuf>,
    /// Answer as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// File whose first line is the passphrase [else: env CARNET_PASSPHRASE, else asked for]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Who is acting, by name or number; needed once there are several people in the vault
    #[arg(long, global = true, value_name = "WHO", env = "CARNET_PROFILE")]
    pub(crate) profile: Option<String>,
    /// Take this list of known organisations first; the first one taken decides whose lists are taken later
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a vault: a passphrase and 24 words
    Init,
    /// The list of known organisations
    Trust {
        #[command(subcommand)]
        command: TrustCommand,
    },
    /// Your health records
    Records {
        #[command(subcommand)]
        command: RecordsCommand,
    },
    /// Read the link in a picture of a code (PNG or JPEG)
    ReadCode { picture: PathBuf },
    /// See who asks, for what and until when; answers nothing
    Inspect { uri: String },
    /// Show a code that a clinic's desk scans, so that it can ask you
    Offer(OfferArguments),
    /// Show a code that opens one active consent at the clinic's desk
    Pass {
        /// The consent's id or its grant's, or the beginning of one
        id: String,
    },
    /// Answer a question
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["grant", "card", "deny"]))]
    Answer {
        uri: String,
        /// `all`, `required`, or the scopes to grant
        #[arg(long, value_name = "all|required|SCOPE", num_args = 1..)]
        grant: Vec<String>,
        /// A card to show, and what for: both ids as `inspect` has them
        #[arg(long, value_name = "QUERY=CARD", value_parser = chosen_card)]
        card: Vec<ChosenCard>,
        /// Say no
        #[arg(long, conflicts_with_all = ["grant", "card"])]
        deny: bool,
        /// Don't wait until the register has confirmed it, two minutes at most: `sync` goes on
        #[arg(long)]
        no_wait: bool,
    },
    /// Who has access, and who had
    Consents {
        #[command(subcommand)]
        command: ConsentsCommand,
    },
    /// What you can prove: cards that others issued, and receipts of what you agreed to
    Credentials {
        #[command(subcommand)]
        command: CredentialsCommand,
    },
    /// Answer a counter's code with a code, without a network
    Prove(ProveArguments),
    /// What you could show without the value behind it: by which cards, until when, how often
    Statements,
    /// A new vault from the 24 words: identities, and every consent found on the ledgers of the list given with --trust
    Restore {
        /// File with the 24 words, in their order [else: the search goes on in the vault that is there]
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        /// Give up this organisation, whose ledger can't be read
        #[arg(long, value_name = "ENTRY")]
        skip: Vec<String>,
    },
    /// End one consent with a revocation slip: needs no vault and no passphrase
    RevokeWith {
        /// The slip's text, or a file of it: text, PNG or JPEG picture, or the PDF
        slip: String,
        /// At this registry endpoint, instead of the slip's own
        #[arg(long, value_name = "URL")]
        at: Option<String>,
    },
    /// Send what is still waiting to be sent
    Sync,
    /// What happened, for the person who is acting
    Activity {
        /// For everybody in this vault
        #[arg(long)]
        everyone: bool,
    },
    /// The log behind it: is it whole, and a copy of it for somebody else
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
    /// Who is in this vault: each person has records, consents and an identity of their own
    People {
        #[command(subcommand)]
        command: PeopleCommand,
    },
    /// A copy for the day when this device is lost
    Backup {
        #[command(subcommand)]
        command: BackupCommand,
    },
    /// Identifiers of organisations and people: needs no vault
    Did {
        #[command(subcommand)]
        command: DidCommand,
    },
    /// The vault itself: its passphrase, its words, its key, and whether it is whole
    Vault {
        #[command(subcommand)]
        command: VaultCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DidCommand {
    /// Find the document of a DID. did:web and did:webvh are asked for at their host, which learns that somebody asked;
    /// the others follow from the identifier, and nobody is asked
    Resolve {
        did: String,
        /// This version (did:webvh)
        #[arg(long, value_name = "ID", conflicts_with_all = ["version_time", "version_number"])]
        version_id: Option<String>,
        /// What held at this time, such as 2026-01-31T12:00:00Z (did:webvh)
        #[arg(long, value_name = "TIME", conflicts_with = "version_number")]
        version_time: Option<jiff::Timestamp>,
        /// The version of this number, from 1 (did:webvh)
        #[arg(long, value_name = "N")]
        version_number: Option<u64>,
        /// Ask nobody: refuse what would have to be fetched
        #[arg(long)]
        offline: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Change the passphrase
    Passphrase {
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Set a new passphrase with the 24 words, because the old one is forgotten
    ResetPassphrase {
        /// File with the 24 words [else: asked for]
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        #[command(flatten)]
        new: NewPassphrase,
    },
    /// Seal everything under a fresh key, if somebody may know the old one
    RotateKey,
    /// Let another storage engine keep it
    Convert {
        #[arg(long, value_name = "sled|redb", value_parser = engine)]
        store: StoreEngine,
    },
    /// Go on with an older copy of the vault, which this device refuses; what came after it is searched for on the ledgers
    AcceptOlderCopy,
    /// Show the 24 words
    Words,
    /// Open every entry and see whether all is as it was put in
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct NewPassphrase {
    /// File whose first line is the new passphrase [else: env CARNET_NEW_PASSPHRASE, else asked for]
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Who is known, and who vouches for them
    Show,
    /// Everybody who is known
    Parties,
    /// Why an organisation's name is believed
    Why { id: String },
    /// See or add an organisation by its own file; without --fingerprint it is only shown
    AddClinic {
        file: PathBuf,
        /// The last group of the fingerprint on the organisation's paper
        #[arg(long, value_name = "LAST4")]
        fingerprint: Option<String>,
    },
    /// Take away an organisation that you added
    RemoveClinic { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    /// Take in FHIR R4 files (.json, .ndjson), PDFs and pictures
    Import {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Take them in although they speak of somebody else
        #[arg(long)]
        other_person: bool,
    },
    /// What is here, newest first
    List {
        /// Only this FHIR resource type
        #[arg(long = "type", value_name = "T")]
        resource_type: Option<String>,
    },
    /// One record
    Show { id: String },
    /// The files inside a record, or one of them by its number
    Attachment {
        id: String,
        /// From 0, as listed
        #[arg(requires = "out")]
        number: Option<u32>,
        /// Where to write it
        #[arg(long, value_name = "FILE", requires = "number")]
        out: Option<PathBuf>,
    },
    /// Everything as one FHIR Bundle, into FILE or onto the screen
    Export { file: Option<PathBuf> },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentsCommand {
    /// All of them, newest first
    List,
    /// One of them
    Show { id: String },
    /// Take one back
    Revoke {
        id: String,
        /// Don't wait until the register has confirmed it, two minutes at most: `sync` goes on
        #[arg(long)]
        no_wait: bool,
    },
    /// Take all of them back
    RevokeAll {
        /// Of everybody in this vault
        #[arg(long)]
        everyone: bool,
        /// Don't ask first
        #[arg(long)]
        yes: bool,
    },
    /// A page that takes one back without this wallet
    Slip {
        id: String,
        /// Where to write it
        #[arg(long, value_name = "FILE.pdf", default_value = "revocation-slip.pdf")]
        out: PathBuf,
    },
    /// A proof, for somebody else, that it stands in the register: of the grant, or of taking it back
    Evidence {
        id: String,
        /// Where to write it
        #[arg(long, value_name = "FILE", default_value = "consent-evidence.json")]
        out: PathBuf,
    },
    /// Ask who read what
    Reads { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialsCommand {
    /// The receipt of a consent
    Issue {
        /// Consent id or grant id, or the beginning of one
        #[arg(long, value_name = "ID")]
        consent: String,
        /// As a file (json), for printing (pdf), or signed by you (sd-jwt, vc)
        #[arg(long, value_name = "sd-jwt|vc|json|pdf", value_parser = receipt_form)]
        form: ReceiptForm,
        /// Where to write it [else: onto the screen]
        #[arg(long, value_name = "FILE", required_if_eq("form", "pdf"))]
        out: Option<PathBuf>,
    },
    /// All cards, newest first
    List,
    /// One card
    Show { id: String },
    /// Ask a card's issuer whether it was taken back
    Check { id: String },
    /// Take a card in: a file, or its text
    Import {
        /// SD-JWT VC or W3C credential (JWT, or JSON with proofs)
        #[arg(value_name = "FILE|TEXT")]
        card: String,
    },
    /// See who offers you a card; takes nothing
    Offer {
        /// The link in the code, or the offer's id
        uri: String,
    },
    /// Take an offered card
    Accept {
        /// The link in the code, or the offer's id
        uri: String,
        /// File whose first line is the PIN that came with the code [else: asked for]
        #[arg(long, value_name = "FILE")]
        pin_file: Option<PathBuf>,
    },
    /// Take an offered card by signing in at the issuer's page, in a browser on this machine
    SignIn {
        /// The link in the code, or the offer's id
        uri: String,
    },
    /// Get fresh copies of a card
    Refill { id: String },
    /// Remove a card with all its copies
    Remove { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Does every line follow from the one before? Of this vault, or of an exported log
    Verify { file: Option<PathBuf> },
    /// The whole log, everybody's: as JSON that anybody can verify, or for printing if FILE ends in .pdf
    Export { file: PathBuf },
    /// The registers that hold your consents: does each still continue what it was? Asks them, unless --known
    Registers {
        /// Ask nobody
        #[arg(long)]
        known: bool,
    },
    /// Write down which state of each register you were shown, for another wallet to compare with
    States { file: PathBuf },
    /// What a register that was changed has signed against its own word: a file for somebody else
    Contradiction {
        /// The register's name, as `log registers` has it
        log: String,
        #[arg(long)]
        out: PathBuf,
    },
    /// Compare another wallet's states with yours: were you shown the same registers?
    Compare { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// Everybody
    List,
    /// Make room for one more
    Add { name: String },
    /// Give somebody another name
    Rename { who: String, name: String },
    /// Remove somebody with everything that is kept for them; not while anybody may see their records
    Remove { who: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Everything, of everybody, in one sealed file
    Create {
        file: PathBuf,
        /// File whose first line is the backup's own passphrase [else: the vault's]
        #[arg(long, value_name = "FILE")]
        backup_passphrase_file: Option<PathBuf>,
    },
    /// A vault made of a backup. One that is there stays until the new one was checked
    Restore {
        file: PathBuf,
        /// File whose first line is the backup's own passphrase [else: the same as the vault's from now on]
        #[arg(long, value_name = "FILE")]
        backup_passphrase_file: Option<PathBuf>,
        /// Open the backup with the 24 words in this file
        #[arg(long, value_name = "FILE", conflicts_with = "backup_passphrase_file")]
        words_file: Option<PathBuf>,
    },
}

fn receipt_form(name: &str) -> Result<ReceiptForm, String> {
    ReceiptForm::named(name).ok_or_else(|| "there are sd-jwt, vc, json and pdf".to_owned())
}

fn engine(name: &str) -> Result<StoreEngine, String> {
    StoreEngine::named(name).ok_or_else(|| "there are sled and redb".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ProveArguments {
    /// What the counter's code says
    #[arg(required_unless_present = "picture")]
    pub(crate) text: Option<String>,
    /// A picture of that code (PNG or JPEG)
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub(crate) picture: Option<PathBuf>,
    /// The card to show it with; needed where several can
    #[arg(long, value_name = "ID")]
    pub(crate) card: Option<String>,
    /// Write the answer's code as a picture (SVG)
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show it without asking again
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
#[group(required = true)]
pub(crate) struct OfferArguments {
    /// The clinic's id in the list of organisations
    #[arg(long, value_name = "ID", conflicts_with = "look")]
    pub(crate) to: Option<String>,
    /// Has the clinic's question come, for a code shown before?
    #[arg(long, value_name = "CODE_ID")]
    pub(crate) look: Option<String>,
    /// Look until it has come or the code has run out
    #[arg(long, requires = "look")]
    pub(crate) wait: bool,
}

/// `insurance=5f3a…`: the query before the equals sign, the card after it.
fn chosen_card(text: &str) -> Result<ChosenCard, String> {
    match text.split_once('=') {
        Some((query, card)) if !query.is_empty() && !card.is_empty() => Ok(ChosenCard {
            query: query.to_owned(),
            card: card.to_owned(),
        }),
        _ => Err("QUERY=CARD is needed, as `inspect` has them".to_owned()),
    }
}
