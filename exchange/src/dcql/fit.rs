//! Whether a credential fits a query, and whether the answered queries are an answer to the whole.

use std::collections::BTreeSet;

use carnet_credentials::sd_jwt::ClaimPath;
use serde_json::Value;

use super::{Authority, CredentialQuery, Format, Query};

/// A credential that somebody holds or shows, as far as a query can ask about it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// `dc+sd-jwt`, `ldp_vc`, `jwt_vc_json`.
    pub format: &'a str,
    /// Its `vct`, or all its types, expanded.
    pub kinds: &'a [String],
    /// Everything that it says.
    pub claims: &'a Value,
    /// What of that can be withheld.
    pub disclosable: &'a [ClaimPath],
    /// Possession of its key can be proven to whoever asks.
    pub bound: bool,
    /// Stable id of its issuer in the trust list.
    pub issuer: Option<&'a str>,
    /// Authority key identifiers of the certificates in its header.
    pub authority_keys: &'a [Vec<u8>],
}

impl std::fmt::Debug for Candidate<'_> {
    // The claims are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Candidate(…)")
    }
}

/// Why answers to these queries are not an answer to the whole (section 6.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceError {
    /// Something that is needed is not answered.
    Missing,
    /// Something is answered that completes nothing that was asked for.
    Surplus,
    /// There is no such query.
    Unknown,
}

impl CredentialQuery {
    /// What of a credential has to be disclosed to answer this query; none if it doesn't fit.
    pub fn disclosing(&self, candidate: &Candidate<'_>) -> Option<Vec<ClaimPath>> {
        let fits = candidate.format == self.format.as_str()
            && (candidate.bound || !self.holder_binding)
            && self.wants(candidate.kinds)
            && self.trusts(candidate.issuer, candidate.authority_keys);
        if fits {
            self.disclosed(candidate.claims, candidate.disclosable)
        } else {
            None
        }
    }

    /// Whether a credential of this `vct`, or of these types, is wanted.
    pub fn wants(&self, kinds: &[String]) -> bool {
        match &self.format {
            Format::SdJwt(vcts) => kinds.iter().any(|kind| vcts.contains(kind)),
            Format::LdpVc(lists) | Format::JwtVcJson(lists) => lists
                .iter()
                .any(|types| types.iter().all(|wanted| kinds.contains(wanted))),
        }
    }

    /// Whether this issuer's credentials are wanted.
    pub fn trusts(&self, issuer: Option<&str>, authority_keys: &[Vec<u8>]) -> bool {
        let matches = |authority: &Authority| match authority {
            Authority::KeyId(keys) => keys.iter().any(|key| authority_keys.contains(key)),
            Authority::Listed(ids) => issuer.is_some_and(|issuer| ids.iter().any(|id| id == issuer)),
            Authority::Other { .. } => false,
        };
        self.authorities.is_empty() || self.authorities.iter().any(matches)
    }
}

impl Query {
    /// Whether answering exactly these queries answers the whole: every required choice is made, and nothing is shown that
    /// completes no choice. Which choice is the patient's.
    pub fn accepts(&self, answered: &BTreeSet<&str>) -> Result<(), ChoiceError> {
        if answered.iter().any(|id| self.credential(id).is_none()) {
            return Err(ChoiceError::Unknown);
        }
        if self.sets.is_empty() {
            let all = self
                .credentials
                .iter()
                .all(|query| answered.contains(query.id.as_str()));
            return if all { Ok(()) } else { Err(ChoiceError::Missing) };
        }
        let complete = |option: &&Vec<String>| option.iter().all(|id| answered.contains(id.as_str()));
        if self
            .sets
            .iter()
            .any(|set| set.required && !set.options.iter().any(|option| complete(&option)))
        {
            return Err(ChoiceError::Missing);
        }
        let used: BTreeSet<&str> = self
            .sets
            .iter()
            .flat_map(|set| set.options.iter().filter(complete).flatten())
            .map(String::as_str)
            .collect();
        if answered.is_subset(&used) {
            Ok(())
        } else {
            Err(ChoiceError::Surplus)
        }
    }

    /// Whether the whole can be answered by somebody who can answer the queries that `can` says.
    pub fn can_be_answered(&self, can: impl Fn(&str) -> bool) -> bool {
        if self.sets.is_empty() {
            return self.credentials.iter().all(|query| can(&query.id));
        }
        self.sets
            .iter()
            .filter(|set| set.required)
            .all(|set| set.options.iter().any(|option| option.iter().all(|id| can(id))))
    }
}
