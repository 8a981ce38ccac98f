//! Looking up a credential's status (W3C Bitstring Status List 1.0, section 3.2).

use super::{Conditions, VcError, model::Credential};
use crate::status::bitstring::Entry;

pub(super) fn check_statuses(
    credential: &Credential<'_>,
    conditions: &Conditions<'_>,
) -> Result<(), VcError> {
    if conditions.statuses.later() {
        return Ok(());
    }
    for entry in &credential.statuses {
        if entry.get("type").and_then(|t| t.as_str()) != Some("BitstringStatusListEntry") {
            return Err(VcError::StatusUnsupported);
        }
        let entry = Entry::read(entry).ok_or(VcError::StatusMalformed)?;
        let list = conditions
            .statuses
            .status_list(&entry.list)
            .ok_or(VcError::StatusUnchecked)?;
        // An issuer may let another one keep its lists; whom, can't be known from the credential.
        if list.issuer() != credential.issuer || !list.purposes().contains(&entry.purpose) {
            return Err(VcError::StatusListMisfit);
        }
        if !list.is_current(conditions.now) {
            return Err(VcError::StatusListStale);
        }
        let set = list.get(entry.index).ok_or(VcError::StatusIndex)?;
        match (set, entry.purpose.as_str()) {
            (true, "revocation") => return Err(VcError::Revoked),
            (true, "suspension") => return Err(VcError::Suspended),
            _ => {}
        }
    }
    Ok(())
}
