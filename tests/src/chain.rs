//! A chain on this machine, and stations that have their registry on it.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::processes::{Trouble, answer_of, program};

/// Keys of accounts that the node endows; they are in its manual.
const ENDOWED: [&str; 2] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];
/// Of an account that has nothing.
const PENNILESS: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const CHAIN_ID: &str = "31337";

/// A node of its own chain, with a block each second. Killed when dropped.
#[derive(Debug)]
pub struct Chain {
    child: Child,
    folder: PathBuf,
    url: String,
    registry: String,
    first_block: String,
}

impl Chain {
    /// Starts it with a registry in it; the keys of its relayers are put into `folder`.
    pub fn start(folder: &Path) -> Result<Self, Trouble> {
        let trouble = |e: std::io::Error| Trouble(e.to_string());
        std::fs::create_dir_all(folder).map_err(trouble)?;
        let anvil = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../ledger/contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        if !anvil.exists() {
            return Err(Trouble(
                "anvil is not installed; run `npm ci` in ledger/contracts".to_owned(),
            ));
        }
        let mut child = Command::new(anvil)
            .args(["--hardfork", "london", "--block-time", "1", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(trouble)?;
        let stdout = child.stdout.take();
        let mut chain = Self {
            child,
            folder: folder.to_owned(),
            url: String::new(),
            registry: String::new(),
            first_block: String::new(),
        };
        // It tells where it listens when it does.
        let stdout = stdout.ok_or_else(|| Trouble("the node has no output".to_owned()))?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let place = lines.find_map(|line| Some(line.strip_prefix("Listening on ")?.to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        let place = place.ok_or_else(|| Trouble("the node does not start".to_owned()))?;
        chain.url = format!("http://{place}");
        (chain.registry, chain.first_block) = chain.deploy()?;
        Ok(chain)
    }

    /// Address of the registry, and the block it is in.
    fn deploy(&self) -> Result<(String, String), Trouble> {
        let key = self.key_file("deployer", ENDOWED[0])?;
        let mut arguments = vec!["deploy-registry"];
        arguments.extend(["--registry-rpc", &self.url, "--registry-chain-id", CHAIN_ID]);
        arguments.extend(["--relayer-key-file", &key]);
        let output = Command::new(program("carnet-station")?)
            .args(&arguments)
            .output()
            .map_err(|e| Trouble(e.to_string()))?;
        let made = answer_of(&arguments, &output)?.map_err(|e| Trouble(e.message))?;
        let address = made.get("registry_address").and_then(Value::as_str);
        let block = made.get("registry_first_block").and_then(Value::as_u64);
        let made = || Trouble(made.to_string());
        Ok((
            address.ok_or_else(made)?.to_owned(),
            block.ok_or_else(made)?.to_string(),
        ))
    }

    /// Arguments of a station with the registry here that pays from the account of this number. A block is final when so many
    /// stand above it.
    pub fn relayed_by(&self, account: usize, depth: u64) -> Result<Vec<String>, Trouble> {
        let key = self.key_file(&format!("relayer-{account}"), ENDOWED[account])?;
        Ok(self.arguments(&self.url, &key, depth))
    }

    /// The same, with an account that can't pay.
    pub fn relayed_by_nobody(&self, depth: u64) -> Result<Vec<String>, Trouble> {
        let key = self.key_file("penniless", PENNILESS)?;
        Ok(self.arguments(&self.url, &key, depth))
    }

    /// The same as the first, by way of a node that is not there.
    pub fn cut_off(&self, depth: u64) -> Result<Vec<String>, Trouble> {
        let key = self.key_file("relayer-0", ENDOWED[0])?;
        Ok(self.arguments("http://127.0.0.1:1", &key, depth))
    }

    fn arguments(&self, url: &str, key: &str, depth: u64) -> Vec<String> {
        [
            ("--registry-rpc", url),
            ("--registry-chain-id", CHAIN_ID),
            ("--registry-address", &self.registry),
            ("--registry-first-block", &self.first_block),
            ("--registry-depth", &depth.to_string()),
            ("--relayer-key-file", key),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect()
    }

    fn key_file(&self, name: &str, key: &str) -> Result<String, Trouble> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.join(name);
        std::fs::write(&path, key)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)))
            .map_err(|e| Trouble(format!("{}: {e}", path.display())))?;
        Ok(path.display().to_string())
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
