//! A registry on a chain instead of one that this station keeps: which, through which nodes, and who pays.

use std::{fmt, fs, io, path::PathBuf, sync::Arc, time::Duration};

use carnet_ledger::{
    Address, Clock, Domain, LedgerError,
    network::{Config, Deployed, Fees, Finality, Network, Patience, deploy},
};
use carnet_store::Store;
use clap::Args;
use k256::ecdsa::SigningKey;
use url::Url;
use zeroize::Zeroizing;

/// How long a wallet waits here for the chain; then it hears that nothing is final yet, and asks again. Shorter than a wallet's
/// own patience with any address, so that it hears this and not silence.
const ANSWER: Duration = Duration::from_secs(4);

/// What the command line says about it.
#[derive(Clone, Args)]
pub struct OnChain {
    /// Use a registry on a chain, through these nodes (JSON-RPC; https, or http on this machine), the preferred first.
    #[arg(long = "registry-rpc", value_name = "URL,URL", value_delimiter = ',')]
    #[arg(requires_all = ["registry", "chain_id", "first_block", "relayer_key_file"])]
    pub nodes: Vec<Url>,
    /// Its address.
    #[arg(long = "registry-address", value_name = "0x…", requires = "nodes")]
    pub registry: Option<Address>,
    /// The chain's id (EIP-155).
    #[arg(long = "registry-chain-id", value_name = "NUMBER", requires = "nodes")]
    pub chain_id: Option<u64>,
    /// The block it was deployed in; its history is read from there, and not from the chain's beginning.
    #[arg(long = "registry-first-block", value_name = "NUMBER", requires = "nodes")]
    pub first_block: Option<u64>,
    /// How many blocks must stand above one before it is final, where the chain doesn't say `finalized` itself.
    #[arg(long = "registry-depth", value_name = "BLOCKS")]
    pub depth: Option<u64>,
    /// After how many seconds an operation there is usually final: what wallets are told of this registry. A quarter of an hour
    /// is what Ethereum takes.
    #[arg(long = "registry-finality", value_name = "SECONDS", default_value_t = 900)]
    pub finality_seconds: u64,
    /// File with the secret key of the account that pays: 64 hex digits, readable by this user alone.
    #[arg(long, value_name = "FILE", requires = "nodes")]
    pub relayer_key_file: Option<PathBuf>,
}

/// Why the account that pays can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RelayerError {
    #[error("which registry on the chain is not said")]
    NoRegistry,
    #[error("the relayer's key file can't be read")]
    Unreadable(#[source] io::Error),
    #[error("others than this user can read the relayer's key file")]
    Open,
    #[error("the relayer's key file holds no key")]
    NoKey,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl RelayerError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            _ => "relayer_key",
        }
    }

    pub fn next(&self) -> &'static str {
        match self {
            Self::Ledger(_) => {
                "Look at the nodes' addresses and the account, and that the folder is that of this registry."
            }
            _ => "Put 64 hex digits into the file, and make it readable by this user alone.",
        }
    }
}

impl OnChain {
    /// Whether a registry on a chain is asked for at all.
    pub fn is_asked_for(&self) -> bool {
        !self.nodes.is_empty()
    }

    /// Opens it; what is known of it is kept in `store`.
    pub fn open(&self, store: Arc<dyn Store>, clock: Clock) -> Result<Network, RelayerError> {
        let (Some(registry), Some(chain_id)) = (self.registry, self.chain_id) else {
            return Err(RelayerError::NoRegistry);
        };
        let first_block = self.first_block.ok_or(RelayerError::NoRegistry)?;
        let key = self.relayer_key_file.as_ref().ok_or(RelayerError::NoKey)?;
        let config = Config {
            domain: Domain { chain_id, registry },
            first_block,
            nodes: self.nodes.clone(),
            finality: self.depth.map_or(Finality::Tag, Finality::Depth),
            fees: Fees::default(),
            patience: Patience {
                operation: ANSWER,
                ..Patience::default()
            },
        };
        Ok(Network::open(config, read_key(key)?, store, clock)?)
    }
}

/// Without the nodes' addresses: they may hold passwords.
impl fmt::Debug for OnChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnChain")
            .field("nodes", &self.nodes.len())
            .field("registry", &self.registry)
            .field("chain_id", &self.chain_id)
            .finish_non_exhaustive()
    }
}

/// Puts a new registry on a chain.
#[derive(Args)]
pub struct Deployment {
    /// The node to go through (JSON-RPC; https, or http on this machine).
    #[arg(long = "registry-rpc", value_name = "URL")]
    node: Url,
    /// The chain's id (EIP-155).
    #[arg(long = "registry-chain-id", value_name = "NUMBER")]
    chain_id: u64,
    /// File with the secret key of the account that pays: 64 hex digits, readable by this user alone.
    #[arg(long, value_name = "FILE")]
    relayer_key_file: PathBuf,
    /// The longest period of a grant, days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=90))]
    days: u16,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment")
            .field("chain_id", &self.chain_id)
            .field("days", &self.days)
            .finish_non_exhaustive()
    }
}

impl Deployment {
    /// Waits until it is in a block: what to give to `serve`.
    pub fn run(self, clock: Clock) -> Result<Deployed, RelayerError> {
        let key = read_key(&self.relayer_key_file)?;
        let longest = u64::from(self.days) * 24 * 60 * 60;
        let (fees, patience) = (Fees::default(), Patience::default());
        Ok(deploy(
            &[self.node],
            self.chain_id,
            key,
            longest,
            fees,
            patience,
            clock,
        )?)
    }
}

fn read_key(file: &PathBuf) -> Result<SigningKey, RelayerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(file)
            .map_err(RelayerError::Unreadable)?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(RelayerError::Open);
        }
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(RelayerError::Unreadable)?);
    let digits = text.trim();
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut *bytes)
        .map_err(|_| RelayerError::NoKey)?;
    SigningKey::from_slice(&*bytes).map_err(|_| RelayerError::NoKey)
}
