//! What can be typed.

use std::path::PathBuf;

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
    /// Answer a question
    #[command(group = clap::ArgGroup::new("what").required(true).args(["grant", "deny"]))]
    Answer {
        uri: String,
        /// `all`, `required`, or the scopes to grant
        #[arg(long, value_name = "all|required|SCOPE", num_args = 1..)]
        grant: Vec<String>,
        /// Say no
        #[arg(long)]
        deny: bool,
    },
    /// Who has access, and who had
    Consents {
        #[command(subcommand)]
        command: ConsentsCommand,
    },
    /// Send what is still waiting to be sent
    Sync,
    /// What happened in this wallet
    Activity,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Who is known, and who vouches for them
    Show,
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
    Revoke { id: String },
    /// Ask who read what
    Reads { id: String },
}
