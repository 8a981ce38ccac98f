//! Who read what: a FHIR R4 `AuditEvent`, as IHE BALP where it can be said.
//!
//! BALP's patient entity is left out: the event names the consent (`grant_id`), and the station's chart knows whose it is.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::GrantId;

/// One access to delivered records.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The named person, as the station knows them.
    pub who: &'a str,
    /// The station that observed it.
    pub site: &'a str,
    /// When.
    pub when: Timestamp,
    /// Kinds that were read (`laboratory`, …); never a value.
    pub what: &'a [String],
    /// The consent under which it was read.
    pub grant_id: GrantId,
    /// How.
    pub kind: ReadingKind,
    /// Why, where a person had to give a reason.
    pub reason: Option<&'a str>,
}

/// How records were accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ReadingKind {
    /// Looked at on a screen.
    Read,
    /// Copied into the chart: out of reach from then on.
    Export,
    /// Read although the status was stale, with a second person's reason.
    BreakGlass,
}

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";

/// The `AuditEvent` of one access.
pub fn audit_event(reading: &Reading<'_>) -> Value {
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
    set("resourceType", "AuditEvent".into());
    // BALP: a disclosure out of the system is an Export (privacy disclosure, source side), the rest is a read.
    if reading.kind == ReadingKind::Export {
        set(
            "type",
            json!({"system": DICOM, "code": "110106", "display": "Export"}),
        );
        set(
            "subtype",
            json!([{"system": "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "code": "disclose"}]),
        );
    } else {
        let rest = "http://terminology.hl7.org/CodeSystem/audit-event-type";
        set(
            "type",
            json!({"system": rest, "code": "rest", "display": "RESTful Operation"}),
        );
        set(
            "subtype",
            json!([{"system": "http://hl7.org/fhir/restful-interaction", "code": "read", "display": "read"}]),
        );
    }
    set("action", "R".into());
    set("recorded", reading.when.to_string().into());
    set("outcome", "0".into());
    if reading.kind == ReadingKind::BreakGlass {
        let glass = json!({
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
            "code": "BTG",
            "display": "break the glass",
        });
        set("purposeOfEvent", json!([{"coding": [glass]}]));
    }
    set(
        "agent",
        json!([
            {
                "type": {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP",
                    "display": "information recipient",
                }]},
                "who": {"display": reading.who},
                "name": reading.who,
                "requestor": true,
            },
            {
                "type": {"coding": [{"system": DICOM, "code": "110153", "display": "Source Role ID"}]},
                "who": {"display": reading.site},
                "requestor": false,
            },
        ]),
    );
    set("source", json!({"observer": {"display": reading.site}}));
    let mut detail = Vec::new();
    if !reading.what.is_empty() {
        detail.push(json!({"type": "kinds", "valueString": reading.what.join(", ")}));
    }
    if let Some(reason) = reading.reason {
        detail.push(json!({"type": "reason", "valueString": reason}));
    }
    let mut entity = json!({
        "what": {"identifier": {"system": "urn:carnet:grant", "value": reading.grant_id.to_string()}},
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type",
            "code": "2",
            "display": "System Object",
        },
        "role": {
            "system": "http://terminology.hl7.org/CodeSystem/object-role",
            "code": "4",
            "display": "Domain Resource",
        },
    });
    if !detail.is_empty() {
        entity["detail"] = detail.into();
    }
    set("entity", json!([entity]));
    Value::Object(event)
}
