//! A consent as a FHIR R4 `Consent`.
//!
//! IHE PCF 1.1 is followed where it can be said; it forbids `provision.class`, and a grant by record type needs it, so
//! the resource claims a profile of our own ([`PROFILE`]).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{Consent, GrantId, Scope};

/// `meta.profile` of a consent by record type.
const PROFILE: &str = "urn:carnet:fhir:consent:1";

/// `Consent.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FhirConsentStatus {
    /// In force.
    Active,
    /// Taken back or over.
    Inactive,
    /// Refused.
    Rejected,
}

impl FhirConsentStatus {
    fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Rejected => "rejected",
        }
    }
}

impl Consent {
    /// The consent as a FHIR R4 `Consent` resource. `patient` is a reference such as `Patient/123`, without it the
    /// patient is named by the pairwise key only; `given` is when the patient decided.
    ///
    /// Everything is denied except what the inner provisions permit, one for each granted scope.
    pub fn to_fhir(
        &self,
        grant_id: &GrantId,
        status: FhirConsentStatus,
        patient: Option<&str>,
        given: Timestamp,
    ) -> Value {
        let patient = match patient {
            Some(reference) => json!({"reference": reference}),
            None => json!({"identifier": {"system": "urn:carnet:holder", "value": self.holder}}),
        };
        let recipient = json!({
            "identifier": {"system": "urn:carnet:client", "value": self.recipient.client_id},
            "display": self.recipient.name,
        });
        json!({
            "resourceType": "Consent",
            "meta": {"profile": [PROFILE]},
            "extension": [
                {
                    "url": "urn:carnet:fhir:retention",
                    "valueDuration": {
                        "value": self.retention.days(), "unit": "days", "system": "http://unitsofmeasure.org", "code": "d",
                    },
                },
                {"url": "urn:carnet:fhir:onward", "valueCode": "none"},
                {"url": "urn:carnet:fhir:decision", "valueCode": self.decision.as_str()},
                {
                    "url": "urn:carnet:fhir:ledger",
                    "extension": [
                        {"url": "chain_id", "valueString": self.ledger.chain_id},
                        {"url": "registry", "valueString": self.ledger.registry},
                    ],
                },
            ],
            "identifier": [
                {"system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", self.consent_id)},
                {"system": "urn:carnet:grant", "value": grant_id.to_string()},
            ],
            "status": status.code(),
            "scope": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy",
                "display": "Privacy Consent",
            }]},
            "category": [
                {"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "Consent Document"}]},
                {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "IDSCL",
                    "display": "information disclosure",
                }]},
            ],
            "patient": patient,
            "dateTime": given.to_string(),
            "performer": [patient],
            "organization": [recipient],
            "policy": [{"uri": self.recipient.policy_uri.as_str()}],
            "provision": {
                "type": "deny",
                "provision": self.granted.iter().map(|scope| self.permit(scope, &recipient)).collect::<Vec<_>>(),
            },
        })
    }

    fn permit(&self, scope: &Scope, recipient: &Value) -> Value {
        let mut provision = Map::new();
        provision.insert("type".to_owned(), "permit".into());
        provision.insert(
            "period".to_owned(),
            json!({"start": self.period.start.to_string(), "end": self.period.end.to_string()}),
        );
        let role = json!({"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
            "code": "IRCP",
            "display": "information recipient",
        }]});
        provision.insert(
            "actor".to_owned(),
            json!([{"role": role, "reference": recipient}]),
        );
        provision.insert(
            "action".to_owned(),
            json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "access"}]}]),
        );
        let purpose = |purpose: &crate::Purpose| {
            json!({
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": purpose.code(),
                "display": purpose.display(),
            })
        };
        provision.insert("purpose".to_owned(), self.purpose.iter().map(purpose).collect());
        if scope.resource_type() != "*" {
            provision.insert(
                "class".to_owned(),
                json!([{"system": "http://hl7.org/fhir/resource-types", "code": scope.resource_type()}]),
            );
        }
        // Search tokens, as SMART writes them: what narrows the class.
        let code: Vec<Value> = scope.filters().map(|filter| json!({"text": filter})).collect();
        if !code.is_empty() {
            provision.insert("code".to_owned(), code.into());
        }
        if let Some(period) = self.data_period {
            provision.insert("dataPeriod".to_owned(), json!(period));
        }
        Value::Object(provision)
    }
}
