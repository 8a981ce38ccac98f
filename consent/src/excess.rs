//! What is more than a purpose needs: one table, shown to the patient as a warning, never as a decision.

use carnet_fhir::{Group, Summary};

use crate::{Purpose, Scope};

/// What care itself works with.
const CARE: &[Group] = &[
    Group::Person,
    Group::Medicines,
    Group::Allergies,
    Group::Conditions,
    Group::Laboratory,
    Group::Vitals,
    Group::Vaccinations,
    Group::Procedures,
    Group::Visits,
    Group::Notes,
    Group::Reports,
    Group::Plans,
    Group::Directory,
    Group::Other,
];

/// What each purpose needs; `None`: everything, because the patient or family asked for it themselves.
/// After the minimum-necessary rule (45 CFR §164.502(b)) and GDPR Art. 5(1)(c): care may see what is clinical, payment what
/// was done, running the place who came, research what is not about identity.
fn needed(purpose: Purpose) -> Option<&'static [Group]> {
    Some(match purpose {
        Purpose::Treatment | Purpose::CareManagement | Purpose::EmergencyTreatment => CARE,
        Purpose::Payment => &[
            Group::Person,
            Group::Visits,
            Group::Procedures,
            Group::Administrative,
            Group::Directory,
        ],
        Purpose::Coverage => &[Group::Person, Group::Administrative, Group::Directory],
        Purpose::Operations => &[
            Group::Person,
            Group::Visits,
            Group::Administrative,
            Group::Directory,
        ],
        Purpose::Research => &[
            Group::Medicines,
            Group::Allergies,
            Group::Conditions,
            Group::Laboratory,
            Group::Vitals,
            Group::Vaccinations,
            Group::Procedures,
            Group::Reports,
        ],
        Purpose::PublicHealth => &[
            Group::Person,
            Group::Conditions,
            Group::Laboratory,
            Group::Vaccinations,
            Group::Directory,
        ],
        Purpose::Marketing => &[],
        Purpose::PatientRequest | Purpose::FamilyRequest => return None,
    })
}

fn is_needed(purpose: &[Purpose], group: Group) -> bool {
    purpose
        .iter()
        .any(|purpose| needed(*purpose).is_none_or(|groups| groups.contains(&group)))
}

/// Whether a scope asks for more than any of the purposes needs: to write, for everything, or for a drawer none of them needs.
pub fn excess_scope(purpose: &[Purpose], scope: &Scope) -> bool {
    let groups = scope.groups();
    let everything = groups.is_empty() && !purpose.iter().any(|purpose| needed(*purpose).is_none());
    scope.asks_to_write() || everything || groups.iter().any(|group| !is_needed(purpose, *group))
}

/// Whether a record is more than any of the purposes needs.
pub fn excess_record(purpose: &[Purpose], summary: &Summary) -> bool {
    !is_needed(purpose, summary.group)
}
