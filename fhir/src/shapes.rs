//! Which element of which R4 type is what: a record that a second reader would have to refuse is refused here.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use crate::{ClinicalDate, EntryError, json::Json};

#[derive(Clone, Copy)]
struct Element {
    list: bool,
    kind: &'static str,
}

type Elements = HashMap<&'static str, Element>;

static SHAPES: LazyLock<HashMap<&'static str, Elements>> = LazyLock::new(|| {
    lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name.trim_start_matches('!'), read(rest)))
        .collect()
});

static RESOURCES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    lines()
        .filter_map(|line| line.strip_prefix('!'))
        .filter_map(|line| line.split(' ').next())
        .collect()
});

/// What every element, backbone element and resource may have besides its own (FHIR R4 §2.24, §2.23).
static COMMON: LazyLock<Elements> = LazyLock::new(|| {
    read(
        "id:s extension:*Extension modifierExtension:*Extension meta:Meta implicitRules:s language:s text:Narrative \
         contained:*Resource",
    )
});

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("shapes.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
}

fn read(elements: &'static str) -> Elements {
    let each = elements
        .split_whitespace()
        .filter_map(|element| element.split_once(':'));
    each.map(|(name, kind)| {
        (
            name,
            Element {
                list: kind.starts_with('*'),
                kind: kind.trim_start_matches('*'),
            },
        )
    })
    .collect()
}

/// Types of DSTU2 and STU3 that R4 no longer has, and types that came with R4B or R5.
const OTHER_VERSIONS: &[&str] = &[
    "BodySite",
    "Conformance",
    "DataElement",
    "DeviceComponent",
    "DeviceUseRequest",
    "DiagnosticOrder",
    "EligibilityRequest",
    "EligibilityResponse",
    "ExpansionProfile",
    "ImagingManifest",
    "ImagingObjectSelection",
    "MedicationOrder",
    "Order",
    "OrderResponse",
    "ProcedureRequest",
    "ProcessRequest",
    "ProcessResponse",
    "ReferralRequest",
    "Sequence",
    "ServiceDefinition", // DSTU2, STU3
    "ActorDefinition",
    "AdministrableProductDefinition",
    "ArtifactAssessment",
    "BiologicallyDerivedProductDispense",
    "Citation",
    "ClinicalUseDefinition",
    "ConditionDefinition",
    "DeviceAssociation",
    "DeviceDispense",
    "DeviceUsage",
    "EncounterHistory",
    "EvidenceReport",
    "FormularyItem",
    "GenomicStudy",
    "ImagingSelection",
    "Ingredient",
    "InventoryItem",
    "InventoryReport",
    "ManufacturedItemDefinition",
    "MedicinalProductDefinition",
    "NutritionIntake",
    "NutritionProduct",
    "PackagedProductDefinition",
    "Permission",
    "RegulatedAuthorization",
    "Requirements",
    "SubscriptionStatus",
    "SubscriptionTopic",
    "SubstanceDefinition",
    "TestPlan",
    "Transport", // R4B, R5
];

/// Elements that R4 does not have, or has in another shape, and that tell DSTU2, STU3 or R5 apart.
const TELLING: &[(&str, &str)] = &[
    ("AllergyIntolerance", "substance"),
    ("AllergyIntolerance", "clinicalStatus"),
    ("AllergyIntolerance", "type"),
    ("Condition", "clinicalStatus"),
    ("Condition", "context"),
    ("Condition", "dateRecorded"),
    ("Condition", "verificationStatus"),
    ("DiagnosticReport", "codedDiagnosis"),
    ("DiagnosticReport", "context"),
    ("DocumentReference", "class"),
    ("DocumentReference", "indexed"),
    ("Encounter", "actualPeriod"),
    ("Encounter", "class"),
    ("Encounter", "indication"),
    ("Encounter", "reason"),
    ("Immunization", "explanation"),
    ("Immunization", "notGiven"),
    ("Immunization", "wasNotGiven"),
    ("MedicationAdministration", "medication"),
    ("MedicationDispense", "medication"),
    ("MedicationRequest", "context"),
    ("MedicationRequest", "medication"),
    ("MedicationRequest", "reason"),
    ("MedicationStatement", "medication"),
    ("MedicationStatement", "reason"),
    ("MedicationStatement", "taken"),
    ("MedicationStatement", "wasNotTaken"),
    ("Observation", "comment"),
    ("Observation", "comments"),
    ("Observation", "context"),
    ("Patient", "animal"),
    ("Patient", "careProvider"),
    ("Procedure", "context"),
    ("Procedure", "notDone"),
    ("Procedure", "notPerformed"),
    ("Procedure", "occurrenceDateTime"),
    ("Procedure", "occurrencePeriod"),
    ("Procedure", "reason"),
    ("ServiceRequest", "reason"),
];

/// Whether R4 has a resource type of this name.
pub fn is_r4_type(name: &str) -> bool {
    RESOURCES.contains(name)
}

/// Where an element stands; spelled out only when it is refused.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    name: &'a str,
    index: Option<usize>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(f, "{above}.")?;
        }
        f.write_str(self.name)?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

impl Place<'_> {
    fn wants(&self, wanted: &'static str) -> EntryError {
        EntryError::WrongType {
            place: self.to_string(),
            wanted,
        }
    }

    fn other_version(&self) -> EntryError {
        EntryError::WrongVersion {
            place: self.to_string(),
        }
    }
}

/// Refuses what is not R4, or not of the type R4 wants. Elements R4 does not know are let through.
pub(crate) fn check(resource: &Json<'_>) -> Result<(), EntryError> {
    let Some(Json::String(name)) = resource.get("resourceType") else {
        return Err(EntryError::NotFhir);
    };
    resource_at(
        resource,
        &Place {
            above: None,
            name,
            index: None,
        },
    )
}

fn resource_at(resource: &Json<'_>, place: &Place<'_>) -> Result<(), EntryError> {
    let name = match resource.get("resourceType") {
        Some(Json::String(name)) if is_r4_type(name) => name.as_ref(),
        Some(Json::String(name)) if OTHER_VERSIONS.contains(&name.as_ref()) => {
            return Err(place.other_version());
        }
        _ if place.above.is_none() => return Err(EntryError::NotFhir),
        _ => return Err(place.wants("a FHIR R4 resource")),
    };
    let other_version = |profile: &Json<'_>| {
        let url = profile
            .text()
            .and_then(|url| url.strip_prefix("http://hl7.org/fhir/"));
        url.is_some_and(|rest| {
            ["5.0/", "3.0/", "1.0/"]
                .iter()
                .any(|version| rest.starts_with(version))
        })
    };
    if resource
        .get("meta")
        .is_some_and(|meta| meta.list("profile").iter().any(other_version))
    {
        return Err(place.other_version());
    }
    object(resource, name, place)
}

fn object(value: &Json<'_>, kind: &str, place: &Place<'_>) -> Result<(), EntryError> {
    let Json::Object(members) = value else {
        return Err(place.wants("an object"));
    };
    let shape = SHAPES.get(kind);
    for (name, value) in members {
        let here = Place {
            above: Some(place),
            name,
            index: None,
        };
        let own = shape.and_then(|shape| shape.get(name.as_ref()));
        let telling = || TELLING.contains(&(kind, name.as_ref()));
        if let Some(element) = own.or_else(|| COMMON.get(name.as_ref())) {
            match element_at(value, *element, &here) {
                Err(EntryError::WrongType { place, .. }) if telling() && place == here.to_string() => {
                    return Err(here.other_version());
                }
                other => other?,
            }
        } else if shape.is_some() && telling() {
            return Err(here.other_version());
        } else if let Some(plain) = name.strip_prefix('_') {
            // `_birthDate` carries what the plain value can't (FHIR R4 §2.6.2).
            let known = shape.is_some_and(|shape| shape.contains_key(plain));
            if known && !matches!(value, Json::Object(_) | Json::Array(_)) {
                return Err(here.wants("an object"));
            }
        }
    }
    Ok(())
}

fn element_at(value: &Json<'_>, element: Element, place: &Place<'_>) -> Result<(), EntryError> {
    if !element.list {
        return one(value, element.kind, place);
    }
    let Json::Array(items) = value else {
        return Err(place.wants("a list"));
    };
    for (index, item) in items.iter().enumerate() {
        // A list of plain values may have gaps, which `_name` fills (FHIR R4 §2.6.2).
        let gap = matches!(item, Json::Null) && element.kind.len() == 1;
        if !gap {
            one(
                item,
                element.kind,
                &Place {
                    index: Some(index),
                    ..*place
                },
            )?;
        }
    }
    Ok(())
}

fn one(value: &Json<'_>, kind: &str, place: &Place<'_>) -> Result<(), EntryError> {
    match (kind, value) {
        ("s", Json::String(_)) | ("n", Json::Number(_)) | ("b", Json::Bool(_)) => Ok(()),
        ("d", Json::String(text)) if text.trim().parse::<ClinicalDate>().is_ok() => Ok(()),
        ("d", _) => Err(place.wants("a date")),
        ("s", _) => Err(place.wants("text")),
        ("n", _) => Err(place.wants("a number")),
        ("b", _) => Err(place.wants("true or false")),
        ("Resource", _) => resource_at(value, place),
        (kind, value) => object(value, kind, place),
    }
}
