//! The command line: `serve` for the station, `trust` for the authority, `challenge` and `check` for the
//! counter without a network, `verify-receipt` for whoever is shown a proof, `vc-api` for public test suites.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::{
    anchors,
    app::Role,
    checks::Shown,
    counter_alone::{self, AloneError, Said},
    identity::Kind,
    on_chain::{Deployment, OnChain},
    serve::{self, Options},
    trust, vc_api, verify_receipt, witness,
};

#[derive(Debug, Parser)]
#[command(name = "carnet-station", version, about = "The clinic's side of Carnet.")]
struct Cli {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Runs the station until it is told to stop.
    Serve(Serve),
    /// Keeps a list of trusted organisations (the authority's job, not a station's).
    #[command(subcommand)]
    Trust(Trust),
    /// Asks for a proof at a counter without a network: prints the code that the patient scans. The station must not run.
    Challenge(Challenge),
    /// Says what the code that the patient shows proves: YES (exit code 0), NOT SHOWN (3) or CANNOT CHECK (4).
    Check(Check),
    /// Looks at a patient's proof that a consent or its end stands in a register. Needs no account, no network and no station.
    VerifyReceipt(VerifyReceipt),
    /// Signs the states of others' registers, each only if it continues what was signed before. To be run by somebody else than
    /// whose registers they are.
    Witness(Witness),
    /// Puts a new registry on a chain, for stations that use one there.
    DeployRegistry(Deployment),
    /// Signs and checks W3C credentials for a public test suite: TLS on loopback, apart from any station.
    VcApi(VcApi),
}

#[derive(Debug, Args)]
struct Serve {
    /// The station's folder: keys, records, ledger.
    #[arg(long)]
    data: PathBuf,
    /// What wallets talk to (TLS). Port 0: any free one, remembered.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What the front desk talks to (plain HTTP, loopback only). Port 0: any free one, remembered.
    #[arg(long, default_value = "127.0.0.1:0")]
    staff_listen: SocketAddr,
    /// What this station does.
    #[arg(long, value_delimiter = ',', default_value = "clinic")]
    role: Vec<Role>,
    /// The organisation's name, for a list of trusted organisations; remembered.
    #[arg(long)]
    name: Option<String>,
    /// The signed list that vouches for this station. Without it, a development authority is run beside it.
    #[arg(long)]
    trust_list: Option<PathBuf>,
    /// Origin at which wallets reach the public listener, when it is not the address listened on.
    #[arg(long)]
    public_url: Option<Url>,
    /// Look up did:web and did:webvh of any public host for whoever asks, not only those of the trust list.
    #[arg(long)]
    resolve_anywhere: bool,
    /// Under which kind of client id questions are asked.
    #[arg(long, value_enum, default_value = "x509_hash")]
    client_id: Kind,
    /// Have this witness sign the register's states: the entry.json of its folder. Can be given several times.
    #[arg(long)]
    witness: Vec<PathBuf>,
    /// Say in the registry how far this station's logs are, at most once in so many seconds, and when the station stops. On a
    /// chain each time is a transaction for each log that has grown.
    #[arg(long, value_name = "SECONDS", default_value_t = anchors::EVERY.as_secs())]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    anchor_every: u64,
    #[command(flatten)]
    on_chain: OnChain,
}

#[derive(Debug, Args)]
struct Witness {
    /// The witness's folder: its keys, and what it signed last of each register. An older copy of it must never be used.
    #[arg(long)]
    data: PathBuf,
    /// What stations talk to (TLS). Port 0: any free one, remembered.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Origin at which stations reach it, when it is not the address listened on.
    #[arg(long)]
    public_url: Option<Url>,
    /// Its name, for a list of trusted organisations.
    #[arg(long)]
    name: String,
    /// Follow every register of this signed list; read again when the file changes.
    #[arg(long)]
    trust_list: Option<PathBuf>,
    /// Fingerprint or root key that must have signed the list.
    #[arg(long, requires = "trust_list")]
    root: Option<String>,
    /// Follow this log: its key in one line, NAME+ID+KEY (c2sp.org/signed-note). Can be given several times.
    #[arg(long)]
    log: Vec<String>,
}

#[derive(Debug, Args)]
struct Alone {
    /// The station's folder.
    #[arg(long, alias = "folder")]
    data: PathBuf,
    /// The signed list that says who is who, when it is not the development authority's in the folder.
    #[arg(long)]
    trust_list: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Challenge {
    /// What to ask, as GET /api/statements lists it: {"id":"age-at-least","fields":{"years":65}}
    statement: String,
    #[command(flatten)]
    station: Alone,
}

#[derive(Debug, Args)]
struct Check {
    /// The answer: a file of its text, a picture of it (PNG or JPEG), or - for the input.
    file: PathBuf,
    /// Which question it answers; needed where several are waiting.
    #[arg(long)]
    challenge: Option<String>,
    #[command(flatten)]
    station: Alone,
}

#[derive(Debug, Args)]
struct VerifyReceipt {
    /// What a patient's wallet wrote (`carnet consents evidence`, `carnet log contradiction`).
    file: PathBuf,
    /// The signed list of organisations.
    #[arg(long)]
    trust_list: PathBuf,
    /// Fingerprint or root key that must have signed the list.
    #[arg(long)]
    root: Option<String>,
}

#[derive(Debug, Args)]
struct VcApi {
    /// Loopback only. Port 0: any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The issuing key (P-256, PKCS#8 DER); made if it is missing.
    #[arg(long)]
    key_file: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Trust {
    /// Makes an authority with its own key.
    Init {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long, default_value = "Trust authority")]
        name: String,
        /// Wallets will say "development trust list".
        #[arg(long)]
        development: bool,
    },
    /// Admits a station, by the entry.json in its folder, or takes its changes.
    Add {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        entry: PathBuf,
    },
    /// Takes the changes of somebody who stands in the list: a renewed certificate, another address.
    Update {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        entry: PathBuf,
    },
    /// Takes somebody off the list.
    Remove {
        #[arg(long)]
        dir: PathBuf,
        #[arg(long)]
        id: String,
    },
    /// Shows what any list file says, who signed it, and whether it holds.
    Inspect {
        file: PathBuf,
        /// Fingerprint or root key that must have signed it.
        #[arg(long)]
        root: Option<String>,
    },
    /// Signs the next version of the list.
    Sign {
        #[arg(long)]
        dir: PathBuf,
        /// Days the list is valid.
        #[arg(long, default_value_t = 90)]
        days: u16,
        /// Only if something changed or half of the list's life is over.
        #[arg(long)]
        if_changed: bool,
    },
    /// Shows what stands in the list signed last.
    Show {
        #[arg(long)]
        dir: PathBuf,
    },
}

/// Runs the command line to its end.
pub fn run() -> ExitCode {
    match Cli::parse().act {
        Act::Serve(serve) => run_serve(serve),
        Act::DeployRegistry(deployment) => match deployment.run(Arc::new(unix_now)) {
            Ok(made) => {
                say(&json!({ "registry_address": made.registry, "registry_first_block": made.block }))
            }
            Err(error) => fail(error.code(), &error.to_string(), error.next()),
        },
        Act::Trust(act) => match run_trust(act) {
            Ok(value) => say(&value),
            Err(error) => fail(error.code(), &error.to_string(), error.next()),
        },
        Act::Challenge(challenge) => match run_challenge(&challenge) {
            Ok(text) => print(&text, ExitCode::SUCCESS),
            Err(error) => fail(error.code(), &error.to_string(), error.next()),
        },
        Act::Check(check) => match run_check(&check) {
            Ok(said) => print(&said.text, exit_code(said.result)),
            Err(error) => fail(error.code(), &error.to_string(), error.next()),
        },
        Act::VerifyReceipt(receipt) => {
            let VerifyReceipt {
                file,
                trust_list,
                root,
            } = receipt;
            match verify_receipt::verify(&file, &trust_list, root.as_deref(), Timestamp::now()) {
                Ok(value) => say(&value),
                Err(error) => fail(error.code(), &error.to_string(), error.next()),
            }
        }
        Act::Witness(witness) => run_witness(witness),
        Act::VcApi(api) => run_vc_api(api),
    }
}

fn run_challenge(challenge: &Challenge) -> Result<String, AloneError> {
    open_alone(&challenge.station)?.challenge(&challenge.statement)
}

fn run_check(check: &Check) -> Result<Said, AloneError> {
    open_alone(&check.station)?.check(&check.file, check.challenge.as_deref())
}

fn open_alone(station: &Alone) -> Result<counter_alone::Alone, AloneError> {
    counter_alone::Alone::open(&station.data, station.trust_list.clone(), Timestamp::now())
}

fn exit_code(result: Shown) -> ExitCode {
    ExitCode::from(match result {
        Shown::Yes => 0,
        Shown::NotShown => 3,
        Shown::CannotCheck => 4,
    })
}

fn run_vc_api(api: VcApi) -> ExitCode {
    let options = vc_api::Options {
        listen: api.listen,
        key_file: api.key_file,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail("runtime", &error.to_string(), "Look at the machine's limits."),
    };
    match runtime.block_on(vc_api::serve(options, |greeting| say(&greeting))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.code(), &error.to_string(), error.next()),
    }
}

fn run_witness(witness: Witness) -> ExitCode {
    let options = witness::Options {
        data: witness.data,
        listen: witness.listen,
        public_url: witness.public_url,
        name: witness.name,
        trust_list: witness.trust_list,
        root: witness.root,
        logs: witness.log,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail("runtime", &error.to_string(), "Look at the machine's limits."),
    };
    match runtime.block_on(witness::until_stopped(&options, |greeting| say(&greeting))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.code(), &error.to_string(), error.next()),
    }
}

/// Unix seconds.
fn unix_now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or_default()
}

fn run_serve(serve: Serve) -> ExitCode {
    let options = Options {
        data: serve.data,
        listen: serve.listen,
        staff_listen: serve.staff_listen,
        roles: serve.role,
        name: serve.name,
        trust_list: serve.trust_list,
        public_url: serve.public_url,
        resolve_anywhere: serve.resolve_anywhere,
        client_id: serve.client_id,
        witnesses: serve.witness,
        anchor_every: Duration::from_secs(serve.anchor_every),
        on_chain: Some(serve.on_chain),
        program: std::env::current_exe().ok(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail("runtime", &error.to_string(), "Look at the machine's limits."),
    };
    match runtime.block_on(serve::until_stopped(options, |greeting| say(&greeting))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.code(), &error.in_full(), error.next()),
    }
}

fn run_trust(act: Trust) -> Result<Value, trust::AuthorityError> {
    let now = Timestamp::now();
    match act {
        Trust::Init {
            dir,
            name,
            development,
        } => {
            trust::init(&dir, &name, development)?;
            Ok(json!({ "authority": name, "development": development }))
        }
        Trust::Add { dir, entry } => Ok(json!(trust::add(&dir, &entry)?)),
        Trust::Update { dir, entry } => Ok(json!(trust::update(&dir, &entry)?)),
        Trust::Remove { dir, id } => {
            trust::remove(&dir, &id)?;
            Ok(json!({ "removed": id }))
        }
        Trust::Inspect { file, root } => trust::inspect(&file, root.as_deref(), now),
        Trust::Sign {
            dir,
            days,
            if_changed,
        } => {
            let (list, version) = trust::sign(&dir, days, if_changed, now)?;
            Ok(json!({ "list": list, "version": version }))
        }
        Trust::Show { dir } => {
            let list = trust::show(&dir.join(trust::LIST_FILE), now)?;
            Ok(serde_json::to_value(list).unwrap_or_default())
        }
    }
}

fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say(value: &Value) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{value}").and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(code: &str, message: &str, next: &str) -> ExitCode {
    eprintln!(
        "{}",
        json!({ "error": { "code": code, "message": message, "next": next } })
    );
    ExitCode::FAILURE
}
