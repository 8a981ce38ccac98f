//! One running station: everything the use cases share.

use std::{path::PathBuf, sync::Arc};

use carnet_consent::{GrantId, LedgerRef};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::trust::{Entry, LocalPin, Registry, RegistryKind, Role as TrustRole};
use carnet_ledger::{Ledger, embedded::Embedded};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    accounts::Accounts, clock::Clock, db::Db, events::Events, evidence::reads::ReadsLog,
    evidence::witnesses::Witnesses, folder::Folder, gates::Gates, identity::Identity, issue::Cards,
    keys::Keys, limits::Buckets, manage::Seen, trust,
};

/// What a station does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Clinic,
    Pharmacy,
    Issuer,
}

/// The station, open.
pub struct App {
    pub name: String,
    pub roles: Vec<Role>,
    /// Origin of the public door, without a path.
    pub public_url: Url,
    pub client_id: String,
    /// What questions are signed as; `client_id` is its name.
    pub identity: Identity,
    pub trust_list: PathBuf,
    /// The list is made beside the station.
    pub development: bool,
    /// Whoever asks for a did:web or did:webvh may name any public host, not only those of the list.
    pub resolve_anywhere: bool,
    pub folder: Folder,
    pub keys: Keys,
    pub db: Db,
    pub ledger: Arc<dyn Ledger>,
    /// The same, where this station keeps it: its log of operations.
    pub registry: Option<Arc<Embedded>>,
    /// After how many seconds what it records is usually final; 0 is at once.
    pub finality_seconds: u64,
    /// The log of what was read here.
    pub reads: ReadsLog,
    /// Who else signs the states of both.
    pub witnesses: Witnesses,
    pub clock: Clock,
    pub accounts: Accounts,
    pub events: Events,
    pub gates: Gates,
    pub seen: Seen,
    pub cards: Cards,
    /// What is left of [`TOMBSTONES`](crate::limits::TOMBSTONES).
    pub tombstones: Buckets<()>,
    /// Places for strangers' questions to a chain.
    pub asking: Arc<Semaphore>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl App {
    /// The id under which a trust list names it.
    pub fn id(&self) -> String {
        trust::slug(&self.name)
    }

    /// An address at the public door.
    pub fn public(&self, path: &str) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(path);
        url
    }

    /// The registry, as questions and promises name it.
    pub fn ledger_ref(&self) -> LedgerRef {
        let domain = self.ledger.domain();
        LedgerRef {
            chain_id: domain.chain_id.to_string(),
            registry: domain.registry.to_string(),
        }
    }

    /// The file that holds the key of one delivery.
    pub fn delivery_key(&self, request_id: &str) -> PathBuf {
        self.folder.delivery_keys().join(format!("{request_id}.delivery"))
    }

    /// The file that holds the key of one answer, until it is answered.
    pub fn answer_key(&self, request_id: &str) -> PathBuf {
        self.folder.delivery_keys().join(format!("{request_id}.answer"))
    }

    /// The file that holds the key of the cards that one answer showed.
    pub fn cards_key(&self, request_id: &str) -> PathBuf {
        self.folder.delivery_keys().join(format!("{request_id}.cards"))
    }

    /// The sealed records of one delivery.
    pub fn delivery(&self, request_id: &str) -> PathBuf {
        self.folder.deliveries().join(format!("{request_id}.jwe"))
    }

    /// What an authority has to admit for wallets to trust this station.
    pub fn entry(&self) -> Entry {
        entry(
            &self.name,
            &self.roles,
            &self.public_url,
            &self.keys,
            &self.identity,
            self.registry_entry(),
        )
    }

    /// The registry, as a trust list names it: who keeps it decides what wallets hold it to.
    fn registry_entry(&self) -> Registry {
        let LedgerRef { chain_id, registry } = self.ledger_ref();
        Registry {
            chain_id,
            address: registry,
            endpoints: vec![self.public("/ledger")],
            finality_seconds: self.finality_seconds,
            kind: match self.registry {
                Some(_) => RegistryKind::Embedded,
                None => RegistryKind::Network,
            },
        }
    }

    /// Ends with what the ledger knows of this grant now.
    pub fn ledger_id(grant_id: &GrantId) -> [u8; 32] {
        *grant_id.as_bytes()
    }
}

fn entry(
    name: &str,
    roles: &[Role],
    public_url: &Url,
    keys: &Keys,
    identity: &Identity,
    registry: Registry,
) -> Entry {
    let mut trust_roles = Vec::new();
    for role in roles {
        trust_roles.extend(match role {
            Role::Clinic | Role::Pharmacy => vec![TrustRole::Verifier, TrustRole::Relayer],
            Role::Issuer => vec![TrustRole::Issuer],
        });
    }
    trust_roles.dedup();
    // The certificate's hash always stands there: what was signed before another kind was chosen stays theirs.
    let mut client_ids = vec![keys.client_id(), identity.asking_as().client_id()];
    client_ids.dedup();
    Entry {
        id: trust::slug(name),
        name: name.to_owned(),
        client_ids,
        origins: vec![public_url.origin().ascii_serialization()],
        purposes: carnet_consent::Purpose::ALL.to_vec(),
        roles: trust_roles,
        registries: vec![registry],
        log_keys: keys.log_public(),
        issuer_keys: issuer_keys(roles, keys),
        request_keys: identity.request_keys(keys),
        offline_keys: if roles.contains(&Role::Pharmacy) {
            vec![(&keys.offline).into()]
        } else {
            Vec::new()
        },
        local: Some(LocalPin {
            spki_sha256: keys.tls.pin(),
        }),
    }
}

/// Beside the certificate, for cards whose reader goes by `iss`; and the key of copies that prove something of a value.
fn issuer_keys(roles: &[Role], keys: &Keys) -> Vec<PublicKey> {
    if !roles.contains(&Role::Issuer) {
        return Vec::new();
    }
    let mut all = vec![PublicKey::from(&keys.identity)];
    all.extend(keys.eligibility.as_ref().map(PublicKey::from));
    all
}
