//! Which labels, codes and names make a record sensitive: small tables, each with its source.
//!
//! They err on the side of marking. They can't be complete: what nobody labelled and no table names goes unmarked.

use std::collections::BTreeSet;

use crate::Sensitivity as S;

/// A row of a table: the reason and the codes (or their beginnings).
type Row = (S, &'static [&'static str]);

/// Security labels set by whoever wrote the record.
/// Source: HL7 v3 ActCode, InformationSensitivityPolicy (terminology.hl7.org/CodeSystem/v3-ActCode).
const ACT_CODE: &[Row] = &[
    (
        S::MentalHealth,
        &["PSY", "PSYTHPN", "BH", "MH", "COGN", "DVD", "EMOTDIS"],
    ),
    (S::SexualReproductive, &["SEX", "STD", "GENDER"]),
    (S::SubstanceUse, &["ETH", "ETHUD", "OPIOIDUD", "SUD", "DRGIS"]),
    (S::Genetics, &["GDIS", "SCA", "SICKLE"]),
    (S::Hiv, &["HIV"]),
    (S::Violence, &["SDV", "MST"]),
    (S::Restricted, &["TBOO", "SPI", "CEL", "VIP", "PHY", "PRS"]),
];

/// Confidentiality labels.
/// Source: HL7 v3 Confidentiality (terminology.hl7.org/CodeSystem/v3-Confidentiality): restricted, very restricted.
const CONFIDENTIALITY: &[Row] = &[(S::Restricted, &["R", "V"])];

/// Whole codes. Source: SNOMED CT International Edition, browser.ihtsdotools.org; findings, procedures and situations as used by
/// Synthea and IPS implementations. SNOMED CT codes have no meaningful beginnings.
const SNOMED: &[Row] = &[
    (
        S::MentalHealth,
        &[
            "35489007",
            "370143000",
            "36923009",
            "66344007",
            "231504006",
            "48694002",
            "197480006",
            "21897009",
            "371631005",
            "13746004",
            "58214004",
            "47505003",
            "191736004",
            "69322001",
            "406506008",
            "35253001",
            "192127007",
            "72366004",
            "56882008",
            "78004001",
            "6471006",
            "82313006",
            "33449004",
            "17226007",
            "171207006",
            "715252007",
            "710841007",
            "454711000124102",
        ],
    ),
    (
        S::SexualReproductive,
        &[
            "77386006",
            "72892002",
            "19169002",
            "17369002",
            "35999006",
            "79586000",
            "398254007",
            "47200007",
            "169553002",
            "65200003",
            "68254000",
            "386639001",
            "57797005",
            "15628003",
            "240589008",
            "76272004",
            "8098009",
            "33839006",
            "8619003",
            "6738008",
            "2904007",
            "93461009",
            "860914002",
            "287664005",
            "22523008",
            "267020005",
        ],
    ),
    (
        S::SubstanceUse,
        &[
            "7200002",
            "66590003",
            "15167005",
            "191816009",
            "26416006",
            "66214007",
            "75544000",
            "5602001",
            "55680006",
            "6525002",
            "361055000",
            "24165007",
            "868187001",
            "763302001",
            "713106006",
            "428211000124100",
        ],
    ),
    (
        S::Genetics,
        &[
            "409709004",
            "32895009",
            "412734009",
            "412738007",
            "58756001",
            "190905008",
            "41040004",
            "127040003",
            "417357006",
        ],
    ),
    (
        S::Hiv,
        &["86406008", "62479008", "165816005", "91947003", "171121004"],
    ),
    (S::Violence, &["706893006", "397940009", "248110007", "866148006"]),
];

/// Beginnings. Source: ICD-10 (WHO, 2019) and ICD-10-CM chapters V, XV, XVII, XXI and named blocks.
const ICD10: &[Row] = &[
    (
        S::SubstanceUse,
        &[
            "F10", "F11", "F12", "F13", "F14", "F15", "F16", "F18", "F19", "Z71.4", "Z71.5", "T40",
        ],
    ),
    (
        S::SexualReproductive,
        &[
            "F52", "F64", "F65", "F66", "A50", "A51", "A52", "A53", "A54", "A55", "A56", "A57", "A58", "A59",
            "A60", "A63", "A64", "N46", "N48.4", "N52", "N97", "O", "Z11.3", "Z30", "Z31", "Z32", "Z33",
            "Z34", "Z64.0", "Z70",
        ],
    ),
    (
        S::MentalHealth,
        &[
            "F2", "F3", "F4", "F5", "F6", "F8", "F9", "X6", "X7", "X80", "X81", "X82", "X83", "X84", "R45.8",
            "Z91.5",
        ],
    ),
    (
        S::Hiv,
        &["B20", "B21", "B22", "B23", "B24", "Z21", "Z11.4", "O98.7", "R75"],
    ),
    (S::Genetics, &["Q9", "Z14", "Z15", "Z31.5", "D57", "E84", "G10"]),
    (
        S::Violence,
        &[
            "T74", "T76", "Y05", "Y06", "Y07", "Z61.4", "Z61.5", "Z61.6", "Z63.0", "Z69", "Z91.4",
        ],
    ),
];

/// Whole codes. Source: loinc.org; instruments (PHQ, GAD-7, EPDS, AUDIT-C, DAST-10, HARK) and test panels.
const LOINC: &[Row] = &[
    (
        S::MentalHealth,
        &[
            "44249-1", "44261-6", "55757-9", "55758-7", "69737-5", "70274-6", "71354-5",
        ],
    ),
    (
        S::SubstanceUse,
        &[
            "72109-2", "75626-2", "82666-9", "82667-7", "3397-7", "3879-4", "5640-8", "5643-2",
        ],
    ),
    (S::Violence, &["76499-3", "76504-0"]),
    (
        S::Hiv,
        &[
            "75622-1", "56888-1", "7917-8", "7918-6", "5222-3", "20447-9", "25836-8", "29893-5", "30361-0",
            "5221-7", "48345-3",
        ],
    ),
    (
        S::SexualReproductive,
        &[
            "2106-3", "2118-8", "19080-1", "82810-3", "11996-6", "11778-8", "43304-5", "43305-2", "21613-5",
            "24111-7", "20507-0", "76690-7", "76691-5",
        ],
    ),
    (
        S::Genetics,
        &[
            "51968-6", "51969-4", "69548-6", "53037-8", "81247-9", "48018-6", "48004-6", "81252-9",
        ],
    ),
];

/// Beginnings. Source: WHO ATC index (whocc.no): psycholeptics without hypnotics, antidepressants, stimulants, addiction,
/// sex hormones and contraceptives, erectile dysfunction, HIV antivirals.
const ATC: &[Row] = &[
    (S::MentalHealth, &["N05A", "N05B", "N06A", "N06BA"]),
    (S::SubstanceUse, &["N07BB", "N07BC"]),
    (
        S::SexualReproductive,
        &[
            "G02B", "G03A", "G03B", "G03C", "G03D", "G03F", "G03G", "G03H", "G03XB", "G04BE",
        ],
    ),
    (S::Hiv, &["J05AE", "J05AF", "J05AG", "J05AJ", "J05AR"]),
];

/// Whole codes of ingredients. Source: RxNorm (rxnav.nlm.nih.gov). Clinical drugs have codes of their own by the thousand, so
/// their names are looked at as well: [`INGREDIENTS`].
const RXNORM: &[Row] = &[
    (
        S::MentalHealth,
        &[
            "36437", "4493", "2556", "321988", "32937", "39786", "42347", "15996", "6448", "51272", "61381",
            "35636", "89013",
        ],
    ),
    (S::SubstanceUse, &["1819", "6813", "7243", "3554", "82819"]),
    (
        S::SexualReproductive,
        &["6373", "4124", "6691", "14584", "136411", "6916"],
    ),
    (S::Hiv, &["276237", "195085", "1433868", "719872", "11413"]),
];

/// Beginnings of words in the name of a medicine. Source: WHO international non-proprietary names of the ATC groups above.
const INGREDIENTS: &[Row] = &[
    (
        S::MentalHealth,
        &[
            "sertralin",
            "fluoxetin",
            "citalopram",
            "escitalopram",
            "paroxetin",
            "venlafaxin",
            "duloxetin",
            "bupropion",
            "mirtazapin",
            "amitriptylin",
            "lithium",
            "quetiapin",
            "olanzapin",
            "risperidon",
            "aripiprazol",
            "haloperidol",
            "clozapin",
            "alprazolam",
            "lorazepam",
            "methylphenidat",
            "atomoxetin",
        ],
    ),
    (
        S::SubstanceUse,
        &[
            "buprenorphin",
            "methadon",
            "naltrexon",
            "disulfiram",
            "acamprosat",
        ],
    ),
    (
        S::SexualReproductive,
        &[
            "levonorgestrel",
            "ethinyl estradiol",
            "ethinylestradiol",
            "medroxyprogesteron",
            "etonogestrel",
            "norethindron",
            "norethisteron",
            "drospirenon",
            "desogestrel",
            "norelgestromin",
            "mifepriston",
            "sildenafil",
            "tadalafil",
            "clomifen",
            "clomiphen",
            "contracepti",
        ],
    ),
    (
        S::Hiv,
        &[
            "emtricitabin",
            "tenofovir",
            "efavirenz",
            "dolutegravir",
            "raltegravir",
            "bictegravir",
            "zidovudin",
            "darunavir",
            "abacavir",
        ],
    ),
];

/// Beginnings of words in what a finding, visit, test or procedure is called: for text without a code, and codes not listed.
/// Source: preferred terms of the SNOMED CT concepts above and their children, in English.
const WORDS: &[Row] = &[
    (
        S::MentalHealth,
        &[
            "depressive disorder",
            "major depress",
            "depression screening",
            "postnatal depression",
            "anxiety",
            "bipolar",
            "schizo",
            "psychosis",
            "psychotic",
            "psychiatr",
            "psychotherap",
            "posttraumatic stress",
            "post-traumatic stress",
            "obsessive",
            "suicid",
            "self-harm",
            "anorexia nervosa",
            "bulimia",
            "eating disorder",
            "personality disorder",
            "attention deficit",
            "mental health",
            "mental disorder",
            "panic disorder",
            "phq-",
            "gad-7",
        ],
    ),
    (
        S::SubstanceUse,
        &[
            "alcoholism",
            "alcohol abuse",
            "alcohol depend",
            "alcohol use disorder",
            "drug abuse",
            "drug depend",
            "drug misuse",
            "drug overdose",
            "opioid abuse",
            "opioid depend",
            "opioid use disorder",
            "substance abuse",
            "substance use",
            "cocaine",
            "heroin",
            "audit-c",
            "dast-",
        ],
    ),
    (
        S::SexualReproductive,
        &[
            "pregnan",
            "antenatal",
            "prenatal",
            "obstetric",
            "childbirth",
            "miscarriage",
            "abortion",
            "contracepti",
            "intrauterine device",
            "steriliz",
            "sterilis",
            "vasectomy",
            "infertil",
            "erectile",
            "gonorrh",
            "syphilis",
            "chlamydia",
            "genital herpes",
            "sexual",
            "gender dysphoria",
            "gender identity",
            "preeclampsia",
            "pre-eclampsia",
        ],
    ),
    (S::Hiv, &["hiv", "human immunodeficiency virus"]),
    (
        S::Genetics,
        &[
            "genetic",
            "genomic",
            "brca",
            "hereditary",
            "chromosom",
            "down syndrome",
            "huntington",
            "cystic fibrosis",
            "sickle cell",
        ],
    ),
    (
        S::Violence,
        &[
            "domestic abuse",
            "domestic violence",
            "child abuse",
            "partner abuse",
            "partner violence",
            "sexual assault",
            "rape",
        ],
    ),
];

/// By a label of `meta.security`.
pub(crate) fn of_label(system: &str, code: &str, out: &mut BTreeSet<S>) {
    // 2.16.840.1.113883.5.4 and .5.25 are the same code systems by object identifier.
    let table = if system.ends_with("v3-ActCode") || system.ends_with("113883.5.4") {
        ACT_CODE
    } else if system.ends_with("v3-Confidentiality") || system.ends_with("113883.5.25") {
        CONFIDENTIALITY
    } else {
        return;
    };
    whole(table, code, out);
}

/// By a code anywhere in the record.
pub(crate) fn of_code(system: &str, code: &str, out: &mut BTreeSet<S>) {
    let system = system.to_ascii_lowercase();
    if system.contains("snomed") {
        whole(SNOMED, code, out);
    } else if system.contains("loinc") {
        whole(LOINC, code, out);
    } else if system.contains("icd-10") || system.contains("icd10") {
        beginning(ICD10, &code.to_ascii_uppercase(), out);
    } else if system.contains("/atc") || system.contains("whocc") || system.ends_with("6.73") {
        beginning(ATC, &code.to_ascii_uppercase(), out);
    } else if system.contains("rxnorm") {
        whole(RXNORM, code, out);
    }
}

/// By the name of a medicine.
pub(crate) fn of_medicine(name: &str, out: &mut BTreeSet<S>) {
    word(INGREDIENTS, name, out);
}

/// By what a finding, visit, test or procedure is called.
pub(crate) fn of_words(name: &str, out: &mut BTreeSet<S>) {
    word(WORDS, name, out);
}

fn whole(table: &[Row], code: &str, out: &mut BTreeSet<S>) {
    out.extend(
        table
            .iter()
            .filter(|(_, codes)| codes.contains(&code))
            .map(|(reason, _)| *reason),
    );
}

fn beginning(table: &[Row], code: &str, out: &mut BTreeSet<S>) {
    let found = |(_, codes): &&Row| codes.iter().any(|beginning| code.starts_with(beginning));
    out.extend(table.iter().filter(found).map(|(reason, _)| *reason));
}

fn word(table: &[Row], name: &str, out: &mut BTreeSet<S>) {
    // What something is called is short; the rest of a long text is not its name.
    let name: String = name.chars().take(400).flat_map(char::to_lowercase).collect();
    let begins = |word: &&&str| {
        name.match_indices(**word).any(|(at, found)| {
            let before = name[..at].chars().next_back();
            let after = name[at + found.len()..].chars().next();
            // Short words must be whole words.
            let whole = found.len() > 4 || after.is_none_or(|after| !after.is_alphanumeric());
            before.is_none_or(|before| !before.is_alphanumeric()) && whole
        })
    };
    let found = |(_, words): &&Row| words.iter().any(|word| begins(&word));
    out.extend(table.iter().filter(found).map(|(reason, _)| *reason));
}
