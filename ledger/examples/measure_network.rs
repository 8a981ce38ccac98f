//! How long a grant takes through a real node until it reads active, and how many go through at once:
//! `cargo run -p carnet-ledger --features network --example measure_network`. The node is anvil, with a block for each
//! transaction; `npm ci` in `ledger/contracts` brings it.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::{
    error::Error,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use carnet_ledger::{
    Clock, Domain, Grant, Ledger as _, LedgerError, MAX_PERIOD_SECONDS, Status, address_of, grant_id,
    network::{Config, Fees, Finality, Network, Patience, deploy},
    sign_grant,
};
use carnet_store::{EngineKind, open};
use k256::ecdsa::SigningKey;

const CHAIN: u64 = 31_337;
const GRANTS: u64 = 200;
const CALLERS: u64 = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let _node = start(port)?;
    let node = format!("http://127.0.0.1:{port}").parse()?;
    let clock: Clock = Arc::new(now);
    // The key that anvil endows; it is in its manual.
    let key = hex::decode("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")?;
    let key = SigningKey::from_slice(&key)?;
    let (fees, patience) = (Fees::default(), Patience::default());
    let nodes = vec![node];
    let made = deploy(
        &nodes,
        CHAIN,
        key.clone(),
        MAX_PERIOD_SECONDS,
        fees,
        patience,
        Arc::clone(&clock),
    )?;
    let config = Config {
        domain: Domain {
            chain_id: CHAIN,
            registry: made.registry,
        },
        first_block: made.block,
        nodes,
        finality: Finality::Depth(0),
        fees,
        patience,
    };
    let folder = tempfile::tempdir()?;
    let store = Arc::new(open(folder.path(), EngineKind::default())?);
    let ledger = Network::open(config, key.clone(), store, clock)?;

    let start = now() / 3600 * 3600;
    let grants: Vec<_> = (0..2 * GRANTS)
        .map(|n| {
            let grant = Grant {
                subject: address_of(&key),
                commitment: [0; 32],
                not_before: start,
                expiry: start + 7200 + n,
                revoke_hash: [0; 32],
            };
            (grant, sign_grant(&ledger.domain(), &grant, &key))
        })
        .collect();
    let (alone, together) = grants.split_at(grants.len() / 2);

    let mut took = Vec::with_capacity(alone.len());
    for (grant, signature) in alone {
        let begin = Instant::now();
        ledger.grant(grant, signature)?;
        if ledger.status(&grant_id(&ledger.domain(), grant))? != Status::Active {
            return Err("a grant is not active".into());
        }
        took.push(begin.elapsed());
    }
    took.sort_unstable();
    println!(
        "a grant until it reads active: p50 {:?}, p90 {:?} (target: p50 at most 20 ms)",
        took[took.len() / 2],
        took[took.len() * 9 / 10]
    );

    let begin = Instant::now();
    thread::scope(|scope| {
        let each = together.len().div_ceil(usize::try_from(CALLERS).unwrap_or(1));
        let callers: Vec<_> = together
            .chunks(each)
            .map(|part| {
                let ledger = &ledger;
                scope.spawn(move || part.iter().try_for_each(|(g, s)| ledger.grant(g, s).map(drop)))
            })
            .collect();
        callers.into_iter().try_for_each(|caller| {
            caller
                .join()
                .unwrap_or(Err(LedgerError::Damaged("a caller panicked")))
        })
    })?;
    let each = begin.elapsed() / u32::try_from(together.len())?;
    println!("with {CALLERS} callers: {each:?} each");
    Ok(())
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The process, which ends with this.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(port: u16) -> Result<Node, Box<dyn Error>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    if !program.exists() {
        return Err("anvil is not installed; run `npm ci` in ledger/contracts".into());
    }
    let node = Command::new(program)
        .args(["--silent", "--hardfork", "london", "--port", &port.to_string()])
        .stdout(Stdio::null())
        .spawn()?;
    let node = Node(node);
    let begin = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(30) {
            return Err("anvil does not start".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(node)
}
