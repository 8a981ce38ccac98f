//! A real node of a chain of its own for each test, whose blocks and clock the test holds.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

use carnet_ledger::{
    Address, Domain, MAX_PERIOD_SECONDS, address_of,
    network::{Config, Deployed, Fees, Finality, Network, Patience, deploy},
};
use carnet_store::Store;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

use crate::{conformance::NOW, support::MemoryStore};

pub(crate) const CHAIN: u64 = 31_337;

/// Long enough for a machine that does other things, too.
pub(crate) const PATIENCE: Patience = Patience {
    node: Duration::from_secs(20),
    operation: Duration::from_mins(1),
    stuck: Duration::from_mins(1),
    poll: Duration::from_millis(50),
    stalest: Duration::from_mins(1),
};

/// A key that the node has endowed with 10,000 coins: the second pays for the contract, so that the first one's transactions
/// are the engine's.
pub(crate) fn endowed(first: bool) -> SigningKey {
    let known = if first {
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    } else {
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
    };
    SigningKey::from_slice(&hex::decode(known).unwrap()).unwrap()
}

/// The process; it ends with this.
pub(crate) struct Anvil {
    process: Child,
    pub(crate) port: u16,
}

impl Anvil {
    /// At a port that the system chooses and the node tells: one that is looked for before may be another's by then.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = spawned(0, arguments, Stdio::piped());
        let stdout = process.stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("Listening on 127.0.0.1:")?.trim().parse().ok());
        thread::spawn(move || lines.for_each(drop));
        Self::answering(process, port.unwrap(), arguments)
    }

    /// Where one was before.
    pub(crate) fn start_at(port: u16, arguments: &[&str]) -> Self {
        let process = spawned(port, arguments, Stdio::null());
        Self::answering(process, port, arguments)
    }

    fn answering(process: Child, port: u16, arguments: &[&str]) -> Self {
        let mut anvil = Self { process, port };
        until("the node answers", || {
            // A connection of somebody else's may hold the port for a moment.
            if anvil.process.try_wait().unwrap().is_some() {
                anvil.process = spawned(port, arguments, Stdio::null());
            }
            anvil.try_ask("eth_chainId", &json!([])).is_some()
        });
        anvil
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.try_ask(method, &params).unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn try_ask(&self, method: &str, params: &Value) -> Option<Value> {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        ask_at(self.port, &question)
    }

    pub(crate) fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            self.ask("evm_mine", json!([]));
        }
    }

    pub(crate) fn mines_by_itself(&self, does: bool) {
        self.ask("evm_setAutomine", json!([does]));
    }

    /// Puts empty blocks in the place of so many.
    pub(crate) fn reorganise(&self, depth: u64) {
        self.ask("anvil_reorg", json!([depth, []]));
    }

    /// How many transactions of this account are in blocks.
    pub(crate) fn included(&self, who: Address) -> u64 {
        number(&self.ask("eth_getTransactionCount", json!([who, "latest"])))
    }

    /// The fees of those that are not, wei.
    pub(crate) fn offers(&self, who: Address) -> Vec<u64> {
        let pool = self.ask("txpool_content", json!([]));
        let all = ["pending", "queued"].map(|part| pool[part].as_object().cloned().unwrap_or_default());
        all.iter()
            .flatten()
            .filter(|(from, _)| from.to_lowercase() == who.to_string())
            .flat_map(|(_, of)| of.as_object().unwrap().values())
            .map(|transaction| number(&transaction["maxFeePerGas"]))
            .collect()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the node at this port answers.
pub(crate) fn ask_at(port: u16, question: &Value) -> Option<Value> {
    let body = question.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

fn spawned(port: u16, arguments: &[&str], stdout: Stdio) -> Child {
    let program = program();
    assert!(
        program.exists(),
        "anvil is not installed; run `npm ci` in ledger/contracts"
    );
    Command::new(program)
        .args(["--hardfork", "london", "--port", &port.to_string()])
        .args(["--threads", "1", "--accounts", "2"])
        .args(arguments)
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
}

fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Waits for what must come.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(
            begin.elapsed() < Duration::from_mins(1),
            "{what}: not after a minute"
        );
        sleep(Duration::from_millis(5));
    }
}

/// A node with a registry, and a clock.
pub(crate) struct World {
    pub(crate) anvil: Anvil,
    pub(crate) deployed: Deployed,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) store: Arc<MemoryStore>,
}

impl World {
    /// Blocks come with transactions, all at [`NOW`].
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let anvil = Anvil::start(&[&["--timestamp", &NOW.to_string()], arguments].concat());
        anvil.ask("anvil_setBlockTimestampInterval", json!([0]));
        let clock = Arc::new(AtomicU64::new(NOW));
        let deployed = deploy_at(&anvil, &clock);
        Self {
            anvil,
            deployed,
            clock,
            store: Arc::new(MemoryStore::new()),
        }
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            domain: Domain {
                chain_id: CHAIN,
                registry: self.deployed.registry,
            },
            first_block: self.deployed.block,
            nodes: vec![self.anvil.url().parse().unwrap()],
            finality: Finality::Depth(0),
            fees: Fees::default(),
            patience: PATIENCE,
        }
    }

    pub(crate) fn open(&self, config: Config) -> Network {
        self.open_over(config, endowed(true), Arc::clone(&self.store) as Arc<dyn Store>)
    }

    pub(crate) fn open_over(&self, config: Config, relayer: SigningKey, store: Arc<dyn Store>) -> Network {
        let clock = Arc::clone(&self.clock);
        Network::open(
            config,
            relayer,
            store,
            Arc::new(move || clock.load(Ordering::SeqCst)),
        )
        .unwrap()
    }

    pub(crate) fn set_clock(&self, time: u64) {
        self.clock.store(time, Ordering::SeqCst);
        self.anvil.ask("evm_setNextBlockTimestamp", json!([time]));
        self.anvil.mine(1);
    }

    /// How many transactions the engine has paid for.
    pub(crate) fn paid(&self) -> u64 {
        self.anvil.included(relayer())
    }

    /// Fees of those that are under way.
    pub(crate) fn offers(&self) -> Vec<u64> {
        self.anvil.offers(relayer())
    }
}

pub(crate) fn relayer() -> Address {
    address_of(&endowed(true))
}

pub(crate) fn deploy_at(anvil: &Anvil, clock: &Arc<AtomicU64>) -> Deployed {
    let clock = Arc::clone(clock);
    deploy(
        &[anvil.url().parse().unwrap()],
        CHAIN,
        endowed(false),
        MAX_PERIOD_SECONDS,
        Fees::default(),
        PATIENCE,
        Arc::new(move || clock.load(Ordering::SeqCst)),
    )
    .unwrap()
}
