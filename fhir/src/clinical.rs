//! When a record counts, where it is filed, and whether it still holds.

use crate::{
    ClinicalDate, Coding, Group, Measurement,
    json::Json,
    value::{named, number, unit},
};

/// The type's own clinical date, first match wins. Types that are not listed have none: they count as undated.
const DATES: &[(&str, &[&[&str]])] = &[
    ("Account", &[&["servicePeriod", "start"]]),
    ("AdverseEvent", &[&["date"], &["detected"], &["recordedDate"]]),
    (
        "AllergyIntolerance",
        &[
            &["onsetDateTime"],
            &["onsetPeriod", "start"],
            &["recordedDate"],
            &["lastOccurrence"],
        ],
    ),
    (
        "Appointment",
        &[&["start"], &["requestedPeriod", "start"], &["created"]],
    ),
    ("AuditEvent", &[&["recorded"]]),
    ("CarePlan", &[&["period", "start"], &["created"]]),
    ("CareTeam", &[&["period", "start"]]),
    (
        "ChargeItem",
        &[
            &["occurrenceDateTime"],
            &["occurrencePeriod", "start"],
            &["enteredDate"],
        ],
    ),
    ("Claim", &[&["billablePeriod", "start"], &["created"]]),
    ("ClaimResponse", &[&["created"]]),
    (
        "ClinicalImpression",
        &[&["effectiveDateTime"], &["effectivePeriod", "start"], &["date"]],
    ),
    ("Communication", &[&["sent"], &["received"]]),
    (
        "CommunicationRequest",
        &[
            &["occurrenceDateTime"],
            &["occurrencePeriod", "start"],
            &["authoredOn"],
        ],
    ),
    ("Composition", &[&["date"]]),
    (
        "Condition",
        &[&["onsetDateTime"], &["onsetPeriod", "start"], &["recordedDate"]],
    ),
    ("Consent", &[&["dateTime"]]),
    ("Contract", &[&["issued"], &["applies", "start"]]),
    ("Coverage", &[&["period", "start"]]),
    (
        "CoverageEligibilityRequest",
        &[&["servicedDate"], &["servicedPeriod", "start"], &["created"]],
    ),
    (
        "CoverageEligibilityResponse",
        &[&["servicedDate"], &["servicedPeriod", "start"], &["created"]],
    ),
    (
        "DetectedIssue",
        &[&["identifiedDateTime"], &["identifiedPeriod", "start"]],
    ),
    (
        "DeviceRequest",
        &[
            &["occurrenceDateTime"],
            &["occurrencePeriod", "start"],
            &["authoredOn"],
        ],
    ),
    (
        "DeviceUseStatement",
        &[&["timingDateTime"], &["timingPeriod", "start"], &["recordedOn"]],
    ),
    (
        "DiagnosticReport",
        &[&["effectiveDateTime"], &["effectivePeriod", "start"], &["issued"]],
    ),
    ("DocumentManifest", &[&["created"]]),
    (
        "DocumentReference",
        &[
            &["context", "period", "start"],
            &["date"],
            &["content", "attachment", "creation"],
        ],
    ),
    ("Encounter", &[&["period", "start"]]),
    ("EpisodeOfCare", &[&["period", "start"]]),
    (
        "ExplanationOfBenefit",
        &[&["billablePeriod", "start"], &["created"]],
    ),
    ("FamilyMemberHistory", &[&["date"]]),
    ("Flag", &[&["period", "start"]]),
    ("Goal", &[&["startDate"], &["statusDate"]]),
    ("ImagingStudy", &[&["started"], &["series", "started"]]),
    ("Immunization", &[&["occurrenceDateTime"], &["recorded"]]),
    ("ImmunizationEvaluation", &[&["date"]]),
    ("ImmunizationRecommendation", &[&["date"]]),
    ("Invoice", &[&["date"]]),
    ("List", &[&["date"]]),
    (
        "Media",
        &[&["createdDateTime"], &["createdPeriod", "start"], &["issued"]],
    ),
    (
        "MedicationAdministration",
        &[&["effectiveDateTime"], &["effectivePeriod", "start"]],
    ),
    ("MedicationDispense", &[&["whenHandedOver"], &["whenPrepared"]]),
    ("MedicationRequest", &[&["authoredOn"]]),
    (
        "MedicationStatement",
        &[
            &["effectiveDateTime"],
            &["effectivePeriod", "start"],
            &["dateAsserted"],
        ],
    ),
    ("NutritionOrder", &[&["dateTime"]]),
    (
        "Observation",
        &[
            &["effectiveDateTime"],
            &["effectiveInstant"],
            &["effectivePeriod", "start"],
            &["effectiveTiming", "event"],
            &["issued"],
        ],
    ),
    (
        "Procedure",
        &[&["performedDateTime"], &["performedPeriod", "start"]],
    ),
    (
        "Provenance",
        &[&["occurredDateTime"], &["occurredPeriod", "start"], &["recorded"]],
    ),
    ("QuestionnaireResponse", &[&["authored"]]),
    ("RequestGroup", &[&["authoredOn"]]),
    (
        "RiskAssessment",
        &[&["occurrenceDateTime"], &["occurrencePeriod", "start"]],
    ),
    (
        "ServiceRequest",
        &[
            &["occurrenceDateTime"],
            &["occurrencePeriod", "start"],
            &["authoredOn"],
        ],
    ),
    (
        "Specimen",
        &[
            &["collection", "collectedDateTime"],
            &["collection", "collectedPeriod", "start"],
            &["receivedTime"],
        ],
    ),
    (
        "SupplyDelivery",
        &[&["occurrenceDateTime"], &["occurrencePeriod", "start"]],
    ),
    ("SupplyRequest", &[&["occurrenceDateTime"], &["authoredOn"]]),
    ("Task", &[&["executionPeriod", "start"], &["authoredOn"]]),
    ("VisionPrescription", &[&["dateWritten"], &["created"]]),
];

pub(crate) fn date(resource: &Json<'_>, resource_type: &str) -> Option<ClinicalDate> {
    let (_, paths) = DATES.iter().find(|(name, _)| *name == resource_type)?;
    paths.iter().find_map(|path| resource.text_at(path)?.parse().ok())
}

impl Group {
    /// Where records of a type are filed. Observations are filed one by one, by category; this says `Laboratory`.
    pub fn of_type(resource_type: &str) -> Self {
        match resource_type {
            "Patient" | "RelatedPerson" | "Person" => Self::Person,
            "MedicationRequest"
            | "MedicationStatement"
            | "MedicationDispense"
            | "MedicationAdministration" => Self::Medicines,
            "AllergyIntolerance" | "AdverseEvent" => Self::Allergies,
            "Condition"
            | "FamilyMemberHistory"
            | "ClinicalImpression"
            | "DetectedIssue"
            | "RiskAssessment"
            | "Flag" => Self::Conditions,
            "Observation" | "Specimen" | "MolecularSequence" => Self::Laboratory,
            "Immunization" | "ImmunizationEvaluation" | "ImmunizationRecommendation" => Self::Vaccinations,
            "Procedure" | "DeviceUseStatement" | "BodyStructure" => Self::Procedures,
            "Encounter" | "EpisodeOfCare" | "Appointment" | "AppointmentResponse" => Self::Visits,
            "DocumentReference" | "DocumentManifest" | "Composition" | "Communication" | "List"
            | "Binary" => Self::Notes,
            "DiagnosticReport" | "ImagingStudy" | "Media" => Self::Reports,
            "CarePlan"
            | "CareTeam"
            | "Goal"
            | "ServiceRequest"
            | "NutritionOrder"
            | "DeviceRequest"
            | "VisionPrescription"
            | "RequestGroup"
            | "Task"
            | "CommunicationRequest"
            | "SupplyRequest"
            | "SupplyDelivery" => Self::Plans,
            "Claim"
            | "ClaimResponse"
            | "ExplanationOfBenefit"
            | "Coverage"
            | "CoverageEligibilityRequest"
            | "CoverageEligibilityResponse"
            | "EnrollmentRequest"
            | "EnrollmentResponse"
            | "Account"
            | "Invoice"
            | "ChargeItem"
            | "Contract"
            | "Consent"
            | "PaymentNotice"
            | "PaymentReconciliation"
            | "MessageHeader"
            | "Provenance"
            | "AuditEvent" => Self::Administrative,
            "Practitioner"
            | "PractitionerRole"
            | "Organization"
            | "OrganizationAffiliation"
            | "Location"
            | "HealthcareService"
            | "Endpoint"
            | "Medication"
            | "MedicationKnowledge"
            | "Substance"
            | "Device"
            | "DeviceDefinition"
            | "InsurancePlan" => Self::Directory,
            _ => Self::Other,
        }
    }
}

/// LOINC codes of the R4 vital signs profile, and oxygen saturation as it is also written.
const VITAL_SIGNS: &[&str] = &[
    "85353-1", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2", "9843-4", "29463-7", "39156-5",
    "85354-9", "55284-4", "8480-6", "8462-4", "8478-0", "3141-9", "8306-3", "8287-5",
];

pub(crate) fn group(
    resource: &Json<'_>,
    resource_type: &str,
    categories: &[Coding],
    codes: &[Coding],
) -> Group {
    if resource_type != "Observation" {
        return Group::of_type(resource_type);
    }
    let is = |code: &str| categories.iter().any(|category| category.code == code);
    if is("laboratory") || is("LAB") {
        Group::Laboratory
    } else if is("vital-signs") || codes.iter().any(|code| VITAL_SIGNS.contains(&code.code.as_str())) {
        Group::Vitals
    } else if is("imaging") || is("procedure") || is("exam") {
        Group::Reports
    } else if categories.is_empty()
        && (resource.get("valueQuantity").is_some() || resource.get("specimen").is_some())
    {
        Group::Laboratory
    } else {
        Group::Other
    }
}

/// Holds today whatever its date: an active allergy, condition or medicine.
pub(crate) fn active(resource: &Json<'_>, resource_type: &str) -> bool {
    let code = |name: &str| resource.text_at(&[name, "coding", "code"]);
    let in_doubt = matches!(code("verificationStatus"), Some("refuted" | "entered-in-error"));
    match resource_type {
        "AllergyIntolerance" => !in_doubt && matches!(code("clinicalStatus"), None | Some("active")),
        "Condition" => {
            let over = resource
                .members()
                .iter()
                .any(|(name, _)| name.starts_with("abatement"));
            let status = code("clinicalStatus");
            !in_doubt
                && (matches!(status, Some("active" | "recurrence" | "relapse"))
                    || (status.is_none() && !over))
        }
        "MedicationRequest" | "MedicationStatement" => {
            matches!(
                resource.text_at(&["status"]),
                Some("active" | "on-hold" | "intended")
            )
        }
        "MedicationDispense" | "MedicationAdministration" => {
            matches!(resource.text_at(&["status"]), Some("in-progress" | "on-hold"))
        }
        _ => false,
    }
}

/// The one number of an Observation, with its reference range where that is in the same unit.
pub(crate) fn measurement(resource: &Json<'_>, resource_type: &str, codes: &[Coding]) -> Option<Measurement> {
    let held = resource
        .get("valueQuantity")
        .filter(|_| resource_type == "Observation")?;
    if held.get("comparator").is_some() {
        // "< 5" is no point on a line.
        return None;
    }
    let value = number(held)?;
    let unit = unit(held).unwrap_or_default();
    let normal = |range: &&Json<'_>| {
        matches!(range.text_at(&["type", "coding", "code"]), None | Some("normal"))
            && range.get("appliesTo").is_none()
    };
    let range = resource.list("referenceRange").iter().find(normal);
    let end = |name: &str| {
        let end = range?.get(name)?;
        let same = crate::value::unit(end).is_none_or(|own| own == unit);
        number(end).filter(|_| same)
    };
    let code = codes
        .iter()
        .find(|code| code.system == "http://loinc.org")
        .or_else(|| codes.first());
    let code = match code {
        Some(code) => format!("{}|{}", code.system, code.code),
        None => resource.get("code").and_then(named)?,
    };
    Some(Measurement {
        value,
        low: end("low"),
        high: end("high"),
        unit,
        code,
    })
}
