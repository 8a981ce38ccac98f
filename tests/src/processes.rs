//! The two programs, started as a person or an init system would.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

/// A journey could not go on: what was tried and what came instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);

/// An error in the shape the command line promises: `{"error":{"code","message","next"}}`.
#[derive(Debug, Clone)]
pub struct Failure {
    pub code: String,
    pub message: String,
    pub next: String,
}

/// The built program of this name, beside the program that asks.
///
/// # Errors
/// When it was not built: the journeys run on `cargo build --workspace --all-targets`.
pub fn program(name: &str) -> Result<PathBuf, Trouble> {
    let own = std::env::current_exe().map_err(|e| Trouble(format!("no path of my own: {e}")))?;
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Trouble(format!(
                "{name} is not built; run: cargo build --workspace --all-targets"
            ))
        })
}

/// A running `carnet-station`. Killed (SIGKILL) when dropped.
#[derive(Debug)]
pub struct Station {
    child: Child,
    data: PathBuf,
    name: String,
    further: Vec<String>,
    roles: String,
    pub staff_url: String,
    pub public_url: String,
    pub trust_list: PathBuf,
    pub token_file: PathBuf,
    said: Arc<Mutex<String>>,
}

impl Station {
    /// Starts a station with its data in `data` and waits for its first line (at most 60 s).
    pub fn start(data: &Path, name: &str) -> Result<Self, Trouble> {
        Self::start_with(data, name, "clinic", &[])
    }

    /// The same with these roles, separated by commas.
    pub fn start_as(data: &Path, name: &str, roles: &str) -> Result<Self, Trouble> {
        Self::start_with(data, name, roles, &[])
    }

    /// The same with further arguments.
    pub fn start_with(data: &Path, name: &str, roles: &str, further: &[&str]) -> Result<Self, Trouble> {
        let mut command = Command::new(program("carnet-station")?);
        command
            .args(["serve", "--name", name, "--role", roles, "--data"])
            .arg(data)
            .args(further);
        let (child, line, said) = greeted(&mut command)?;
        let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            data: data.to_owned(),
            name: name.to_owned(),
            further: further.iter().map(|one| (*one).to_owned()).collect(),
            roles: roles.to_owned(),
            staff_url: field("staff_url"),
            public_url: field("public_url"),
            trust_list: field("trust_list").into(),
            token_file: field("token_file").into(),
            said,
        })
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The same station again, on the same data.
    pub fn again(mut self) -> Result<Self, Trouble> {
        self.kill();
        let further: Vec<&str> = self.further.iter().map(String::as_str).collect();
        Self::start_with(
            &self.data.clone(),
            &self.name.clone(),
            &self.roles.clone(),
            &further,
        )
    }

    /// The same station on the same data with other further arguments.
    pub fn again_with(mut self, further: &[&str]) -> Result<Self, Trouble> {
        self.kill();
        Self::start_with(
            &self.data.clone(),
            &self.name.clone(),
            &self.roles.clone(),
            further,
        )
    }

    /// SIGSTOP: it is there, and does nothing; or SIGCONT.
    #[cfg(unix)]
    pub fn freeze(&self, frozen: bool) -> Result<(), Trouble> {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let done = Command::new("kill")
            .args([signal, &self.pid().to_string()])
            .status();
        match done {
            Ok(status) if status.success() => Ok(()),
            other => Err(Trouble(format!("kill {signal}: {other:?}"))),
        }
    }

    /// What it wrote to its error output so far.
    pub fn said(&self) -> String {
        self.said.lock().map(|s| s.clone()).unwrap_or_default()
    }

    /// The one-time secret for the first administrator, as printed at the first start.
    pub fn setup_secret(&self) -> Result<String, Trouble> {
        let patience = Instant::now();
        loop {
            let said = self.said();
            if let Some(secret) = said.lines().find_map(|line| {
                line.to_lowercase()
                    .contains("set-up secret")
                    .then(|| line.split_whitespace().last())
                    .flatten()
            }) {
                return Ok(secret.to_owned());
            }
            if patience.elapsed() > Duration::from_secs(5) {
                return Err(Trouble(format!("no set-up secret was printed; it said: {said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The folder that holds everything it keeps.
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A running `carnet-station witness`. Killed (SIGKILL) when dropped.
#[derive(Debug)]
pub struct Witness {
    child: Child,
    data: PathBuf,
    list: PathBuf,
    pub url: String,
    /// What a station and an authority are given of it.
    pub entry: PathBuf,
    said: Arc<Mutex<String>>,
}

impl Witness {
    /// Starts a witness of every register of this list and waits for its first line.
    pub fn start(data: &Path, list: &Path) -> Result<Self, Trouble> {
        let mut command = Command::new(program("carnet-station")?);
        command
            .args(["witness", "--name", "Wendland Archive", "--data"])
            .arg(data)
            .arg("--trust-list")
            .arg(list);
        let (child, line, said) = greeted(&mut command)?;
        let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            data: data.to_owned(),
            list: list.to_owned(),
            url: field("url"),
            entry: field("entry").into(),
            said,
        })
    }

    /// What it wrote to its error output so far.
    pub fn said(&self) -> String {
        self.said.lock().map(|said| said.clone()).unwrap_or_default()
    }

    /// Struck down and started again on the same folder.
    pub fn again(mut self) -> Result<Self, Trouble> {
        self.kill();
        Self::start(&self.data.clone(), &self.list.clone())
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a started program says: its first line, and from then on what it writes to its error output.
type Greeted = (Child, Value, Arc<Mutex<String>>);

/// Starts a program and waits for its first line (at most 60 s).
fn greeted(command: &mut Command) -> Result<Greeted, Trouble> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Trouble(format!("the station did not start: {e}")))?;
    let said = Arc::new(Mutex::new(String::new()));
    if let Some(stderr) = child.stderr.take() {
        let said = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Ok(mut said) = said.lock() {
                    said.push_str(&line);
                    said.push('\n');
                }
            }
        });
    }
    let stdout = child.stdout.take().ok_or_else(|| Trouble("no stdout".into()))?;
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout);
        let mut first = String::new();
        let _ = lines.read_line(&mut first);
        let _ = send.send(first);
        let _ = std::io::copy(&mut lines, &mut std::io::sink());
    });
    let first = receive.recv_timeout(Duration::from_mins(1)).unwrap_or_default();
    let Ok(line) = serde_json::from_str::<Value>(&first) else {
        let _ = child.kill();
        let _ = child.wait();
        std::thread::sleep(Duration::from_millis(50));
        let said = said.lock().map(|s| s.clone()).unwrap_or_default();
        return Err(Trouble(format!(
            "the station's first line is not JSON: {first:?}; it said: {said}"
        )));
    };
    Ok((child, line, said))
}

/// A patient at a terminal: the program `carnet` on one vault.
#[derive(Debug, Clone)]
pub struct Carnet {
    pub vault: PathBuf,
    passphrase: String,
    trust: Option<PathBuf>,
}

impl Carnet {
    pub fn new(vault: &Path, passphrase: &str, trust: Option<&Path>) -> Self {
        Self {
            vault: vault.to_owned(),
            passphrase: passphrase.to_owned(),
            trust: trust.map(Path::to_owned),
        }
    }

    /// The command, ready to be spawned.
    pub fn command(&self, arguments: &[&str]) -> Result<Command, Trouble> {
        let mut command = Command::new(program("carnet")?);
        command.arg("--vault").arg(&self.vault).arg("--json");
        if let Some(trust) = &self.trust {
            command.arg("--trust").arg(trust);
        }
        command
            .args(arguments)
            .env("CARNET_PASSPHRASE", &self.passphrase)
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Runs one command to its end: the JSON object it printed, or the error it printed.
    pub fn run(&self, arguments: &[&str]) -> Result<Result<Value, Failure>, Trouble> {
        let output = self
            .command(arguments)?
            .output()
            .map_err(|e| Trouble(format!("carnet did not start: {e}")))?;
        answer_of(arguments, &output)
    }

    /// Runs one command that must succeed.
    pub fn ok(&self, arguments: &[&str]) -> Result<Value, Trouble> {
        self.run(arguments)?.map_err(|e| {
            Trouble(format!(
                "carnet {arguments:?} was refused: {} ({}; {})",
                e.code, e.message, e.next
            ))
        })
    }

    /// Runs one command that must be refused; its error.
    pub fn refused(&self, arguments: &[&str]) -> Result<Failure, Trouble> {
        match self.run(arguments)? {
            Ok(value) => Err(Trouble(format!("carnet {arguments:?} was not refused: {value}"))),
            Err(failure) => Ok(failure),
        }
    }
}

/// What a command of `carnet` printed: its JSON object, or its error.
pub fn answer_of(arguments: &[&str], output: &Output) -> Result<Result<Value, Failure>, Trouble> {
    if output.status.success() {
        return serde_json::from_slice(&output.stdout).map(Ok).map_err(|_| {
            Trouble(format!(
                "carnet {arguments:?} printed no JSON object: {}",
                String::from_utf8_lossy(&output.stdout)
            ))
        });
    }
    let error: Value = serde_json::from_slice(&output.stderr).map_err(|_| {
        Trouble(format!(
            "carnet {arguments:?} failed ({}) without a JSON error: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))
    })?;
    let field = |name: &str| error["error"][name].as_str().unwrap_or_default().to_owned();
    Ok(Err(Failure {
        code: field("code"),
        message: field("message"),
        next: field("next"),
    }))
}

/// Reads a small file to a trimmed string.
pub fn line_of(path: &Path) -> Result<String, Trouble> {
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|mut f| f.read_to_string(&mut text))
        .map_err(|e| Trouble(format!("{}: {e}", path.display())))?;
    Ok(text.trim().to_owned())
}
