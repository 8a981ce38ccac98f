//! What a trust list says.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{LedgerRef, Purpose};
use carnet_credentials::jwk::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{TrustError, names::look_alike};
use crate::{limits::NAME_CHARS, link::is_plain_https};

/// One version of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustList {
    /// Grows with every change; a list with a smaller one is refused.
    pub version: u64,
    /// When it was signed.
    pub issued: Timestamp,
    /// From when it needs replacing.
    pub expires: Timestamp,
    /// Who keeps the list.
    pub authority: String,
    /// A list for trying out: nobody in it was vetted.
    pub development: bool,
    /// Who is trusted.
    pub entries: Vec<Entry>,
}

/// One party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Stable over renewed certificates and moves; the pairwise identity hangs on it.
    pub id: String,
    /// Legal name: the only name of the party that is ever shown as theirs.
    pub name: String,
    /// Client ids it may use: `x509_hash:…`, `x509_san_dns:…`, `decentralized_identifier:…`.
    pub client_ids: Vec<String>,
    /// Origins it may use, `https://host[:port]`.
    pub origins: Vec<String>,
    /// Purposes it may ask for.
    pub purposes: Vec<Purpose>,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Registries it may have grants recorded in.
    #[serde(default)]
    pub registries: Vec<Registry>,
    /// Keys that sign its promises and receipts.
    #[serde(default)]
    pub log_keys: Vec<PublicKey>,
    /// Keys that sign the credentials and status lists it issues, where no certificate in the header says which.
    #[serde(default)]
    pub issuer_keys: Vec<PublicKey>,
    /// Keys of the certificates that its requests are signed with, where the client id is a name (`x509_san_dns:…`): the
    /// certificate may be renewed over the same key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_keys: Vec<PublicKey>,
    /// Ed25519 keys that sign what is asked at a counter without a network.
    #[serde(default)]
    pub offline_keys: Vec<PublicKey>,
    /// Set for a party on the local network or on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalPin>,
}

/// What a party may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ask patients.
    Verifier,
    /// Issue credentials.
    Issuer,
    /// Submit transactions for patients.
    Relayer,
    /// Mark single-use statements as spent.
    Spender,
    /// Sign the states of others' logs.
    Witness,
}

/// A consent registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Decimal.
    pub chain_id: String,
    /// The contract, `0x` and 40 lower-case hex digits.
    pub address: String,
    /// Where its status is read.
    pub endpoints: Vec<Url>,
    /// After how many seconds a recorded operation counts as final; 0 is at once.
    pub finality_seconds: u64,
    /// Who keeps it.
    pub kind: RegistryKind,
}

/// Who keeps a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryKind {
    /// The party itself.
    Embedded,
    /// A network of several.
    Network,
}

/// The key that the party's TLS certificate must have; lifts the ban on private and loopback addresses for its
/// origins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalPin {
    /// SHA-256 of the certificate's SubjectPublicKeyInfo (DER), base64url without padding.
    pub spki_sha256: String,
}

impl TrustList {
    /// The party with this client id.
    pub fn by_client_id(&self, client_id: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|e| e.client_ids.iter().any(|c| c == client_id))
    }

    /// The party with this stable id.
    pub fn by_id(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.id == id)
    }

    /// The party that may use this URL's origin.
    pub fn by_origin(&self, url: &Url) -> Option<&Entry> {
        self.entries.iter().find(|e| e.covers_origin(url))
    }

    /// Whether the list needs replacing. What it says stays in force, with a warning.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Whether everything in the list is of the form required and no identity stands for two parties.
    pub fn check(&self) -> Result<(), TrustError> {
        if self.version == 0 || self.expires <= self.issued {
            return Err(TrustError::Malformed);
        }
        check_name(&self.authority)?;
        let (mut ids, mut clients, mut origins) = (HashSet::new(), HashSet::new(), HashSet::new());
        let (mut offline, mut kept) = (HashSet::new(), HashSet::new());
        for entry in &self.entries {
            entry.check()?;
            let unique = ids.insert(&entry.id)
                && entry.client_ids.iter().all(|c| clients.insert(c))
                && entry.origins.iter().all(|o| origins.insert(o))
                && entry.offline_keys.iter().all(|k| offline.insert(k.thumbprint()));
            if !unique {
                return Err(TrustError::Ambiguous);
            }
            let own: HashSet<_> = entry.kept().collect();
            if own.into_iter().any(|registry| !kept.insert(registry)) {
                return Err(TrustError::TwoKeepers);
            }
        }
        Ok(())
    }
}

impl Entry {
    /// Whether the party may use this URL's origin. Only `https` is.
    pub fn covers_origin(&self, url: &Url) -> bool {
        is_plain_https(url) && {
            let origin = url.origin().ascii_serialization();
            self.origins.contains(&origin)
        }
    }

    /// The party's registry that a request names.
    pub fn registry(&self, ledger: &LedgerRef) -> Option<&Registry> {
        self.registries
            .iter()
            .find(|r| r.chain_id == ledger.chain_id && r.address == ledger.registry)
    }

    /// Chain and address of each registry that the party keeps itself.
    fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self
            .registries
            .iter()
            .filter(|r| r.kind == RegistryKind::Embedded);
        own.map(|r| (r.chain_id.as_str(), r.address.as_str()))
    }

    /// Whether the party may do this.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Who in a list could be taken for a party of this name, other than the party with this id.
    pub fn resembled_in<'a>(&self, list: &'a TrustList) -> Option<&'a Self> {
        list.entries
            .iter()
            .find(|known| known.id != self.id && look_alike(&known.name, &self.name))
    }

    /// Whether everything in the entry is of the form required.
    pub fn check(&self) -> Result<(), TrustError> {
        let id_ok = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if self.id.is_empty() || self.id.len() > 128 || !self.id.chars().all(id_ok) {
            return Err(TrustError::Malformed);
        }
        check_name(&self.name)?;
        if !self
            .client_ids
            .iter()
            .all(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(TrustError::Malformed);
        }
        let is_origin = |text: &String| {
            Url::parse(text)
                .is_ok_and(|url| is_plain_https(&url) && url.origin().ascii_serialization() == *text)
        };
        if !self.origins.iter().all(is_origin) {
            return Err(TrustError::BadAddress);
        }
        for registry in &self.registries {
            let decimal = registry
                .chain_id
                .parse::<u64>()
                .is_ok_and(|n| n.to_string() == registry.chain_id);
            let digits = registry.address.strip_prefix("0x").unwrap_or_default();
            let hex = digits.len() == 40 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if !decimal
                || !hex
                || registry.endpoints.is_empty()
                || !registry.endpoints.iter().all(is_plain_https)
            {
                return Err(TrustError::BadAddress);
            }
        }
        let signs_offline = |key: &PublicKey| matches!(key, PublicKey::Ed25519(_));
        if !self.offline_keys.iter().all(signs_offline) {
            return Err(TrustError::Malformed);
        }
        if let Some(pin) = &self.local
            && URL_SAFE_NO_PAD
                .decode(&pin.spki_sha256)
                .map_or(true, |bytes| bytes.len() != 32)
        {
            return Err(TrustError::Malformed);
        }
        Ok(())
    }
}

/// A name must be readable as what it is: no control characters, no marks that turn or hide text.
fn check_name(name: &str) -> Result<(), TrustError> {
    let misleading = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    if name.trim() != name
        || name.is_empty()
        || name.chars().count() > NAME_CHARS
        || name.chars().any(misleading)
    {
        Err(TrustError::BadName)
    } else {
        Ok(())
    }
}
