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
    /// The vault itself: its passphrase, its words, its key, and whether it is whole
    Vault {
        #[command(subcommand)]
        command: VaultCommand,
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
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    /// Take in FHIR R4 files
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
