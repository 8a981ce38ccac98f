//! Rows as they stand in the vault: a page of them with the texts they share.
//!
//! One byte with the form, then `Page` by postcard, which writes values only, in order. A page of another form is read by the
//! code of that form, which stays, and written anew when it is next touched; nobody guesses.

use carnet_fhir::{Group, Sensitivity, Summary};
use serde::{Deserialize, Serialize};

use super::texts::Texts;
use crate::vault::VaultError;

/// Rows of one page.
pub(super) const ROWS: usize = 500;
const FORM: u8 = 1;
/// References that one row keeps; what they are needed for is the medicine that a prescription names.
const MOST_REFERENCES: usize = 64;
/// No moment is known, only a day.
const NO_MOMENT: i64 = i64::MIN;

/// One record. Texts and lists are places in [`Texts`].
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) id: [u8; 16],
    pub(super) pack: u32,
    /// First byte in the pack.
    pub(super) at: u32,
    /// Bytes.
    pub(super) length: u32,
    /// Microseconds since 1970.
    pub(super) imported: i64,
    pub(super) full_url: u32,
    pub(super) resource_type: u32,
    pub(super) fhir_id: u32,
    pub(super) title: u32,
    pub(super) detail: u32,
    /// As written; 0: undated.
    pub(super) date: u32,
    /// First day that it can mean, as the number `yyyymmdd`; 0: undated.
    pub(super) day: i32,
    /// Microseconds since 1970.
    pub(super) moment: i64,
    /// Place in `Group::ALL`.
    pub(super) group: u8,
    /// `Sensitivity::bits`.
    pub(super) sensitive: u8,
    pub(super) active: bool,
    /// System and code, by turns.
    pub(super) categories: u32,
    pub(super) codes: u32,
    pub(super) subject: u32,
    pub(super) refers_to: u32,
    pub(super) kinds: u32,
    pub(super) measured: Option<Measured>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) value: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) unit: u32,
    pub(super) code: u32,
}

/// Where a record's bytes are, and since when.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) id: [u8; 16],
    pub(super) pack: u32,
    pub(super) at: u32,
    pub(super) length: u32,
    pub(super) imported: i64,
}

impl Row {
    pub(super) fn new(texts: &mut Texts, place: Place, full_url: Option<&str>, summary: &Summary) -> Self {
        let mut codings = |codings: &[carnet_fhir::Coding]| {
            let known: Vec<u32> = codings
                .iter()
                .flat_map(|coding| [texts.put(&coding.system), texts.put(&coding.code)])
                .collect();
            texts.put_list(&known)
        };
        let (categories, codes) = (codings(&summary.categories), codings(&summary.codes));
        let refers_to: Vec<u32> = summary
            .refers_to
            .iter()
            .take(MOST_REFERENCES)
            .map(|reference| texts.put(reference))
            .collect();
        // A kind too long to be kept counts as one that nobody may grant: the record stays home.
        let kinds: Vec<u32> = summary
            .contained_types
            .iter()
            .map(|kind| match texts.put(kind) {
                0 => texts.put("?"),
                place => place,
            })
            .collect();
        let measured = summary.measurement.as_ref().map(|measured| Measured {
            value: measured.value,
            low: measured.low,
            high: measured.high,
            unit: texts.put(&measured.unit),
            code: texts.put(&measured.code),
        });
        let date = summary.date.as_ref();
        let first = date.map(carnet_fhir::ClinicalDate::first_day);
        Self {
            id: place.id,
            pack: place.pack,
            at: place.at,
            length: place.length,
            imported: place.imported,
            full_url: texts.put_optional(full_url),
            resource_type: texts.put(&summary.resource_type),
            fhir_id: texts.put_optional(summary.fhir_id.as_deref()),
            title: texts.put(&summary.title),
            detail: texts.put_optional(summary.detail.as_deref()),
            date: texts.put_optional(date.map(carnet_fhir::ClinicalDate::as_written)),
            day: first.map_or(0, |day| {
                i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
            }),
            moment: date
                .and_then(carnet_fhir::ClinicalDate::instant)
                .map_or(NO_MOMENT, jiff::Timestamp::as_microsecond),
            group: Group::ALL
                .iter()
                .position(|group| *group == summary.group)
                .unwrap_or(Group::ALL.len()) as u8,
            sensitive: Sensitivity::bits(&summary.sensitive),
            active: summary.active,
            categories,
            codes,
            subject: texts.put_optional(summary.subject.as_deref()),
            refers_to: texts.put_list(&refers_to),
            kinds: texts.put_list(&kinds),
            measured,
        }
    }

    /// The same row among other texts: each place is looked up by what it was before.
    fn moved(
        mut self,
        text: &mut dyn FnMut(u32) -> Option<u32>,
        list: &mut dyn FnMut(u32) -> Option<u32>,
    ) -> Option<Self> {
        for place in [
            &mut self.full_url,
            &mut self.resource_type,
            &mut self.fhir_id,
            &mut self.title,
            &mut self.detail,
            &mut self.date,
            &mut self.subject,
        ] {
            *place = text(*place)?;
        }
        if let Some(measured) = &mut self.measured {
            measured.unit = text(measured.unit)?;
            measured.code = text(measured.code)?;
        }
        for place in [
            &mut self.categories,
            &mut self.codes,
            &mut self.refers_to,
            &mut self.kinds,
        ] {
            *place = list(*place)?;
        }
        Some(self)
    }
}

#[derive(Serialize, Deserialize)]
struct Page {
    texts: Vec<Box<str>>,
    lists: Vec<Box<[u32]>>,
    rows: Vec<Row>,
}

/// These rows, with what they share.
pub(super) fn write(texts: &Texts, rows: &[Row]) -> Result<Vec<u8>, VaultError> {
    let mut own = Texts::default();
    let mut moved = Vec::with_capacity(rows.len());
    for row in rows {
        let own = std::cell::RefCell::new(&mut own);
        let row = row.clone().moved(
            &mut |place| Some(own.borrow_mut().put(texts.text(place))),
            &mut |place| {
                let mut own = own.borrow_mut();
                let list: Vec<u32> = texts
                    .list(place)
                    .iter()
                    .map(|place| own.put(texts.text(*place)))
                    .collect();
                Some(own.put_list(&list))
            },
        );
        moved.extend(row);
    }
    let page = Page {
        texts: own.all_texts().map(Box::from).collect(),
        lists: own.all_lists().map(Box::from).collect(),
        rows: moved,
    };
    postcard::to_extend(&page, vec![FORM]).map_err(|_| VaultError::NotWritable)
}

/// The rows of a page, among all texts.
pub(super) fn read(bytes: &[u8], texts: &mut Texts) -> Result<Vec<Row>, VaultError> {
    let page: Page = match bytes.split_first() {
        Some((&FORM, page)) => postcard::from_bytes(page).map_err(|_| VaultError::UnknownForm)?,
        Some((newer, _)) if *newer > FORM => return Err(VaultError::NewerVersion),
        _ => return Err(VaultError::UnknownForm),
    };
    let known: Vec<u32> = page.texts.iter().map(|text| texts.put(text)).collect();
    let at = |known: &[u32], place: u32| known.get(place as usize).copied();
    let lists: Vec<u32> = page
        .lists
        .iter()
        .map(|list| {
            let list: Option<Vec<u32>> = list.iter().map(|place| at(&known, *place)).collect();
            list.map(|list| texts.put_list(&list))
        })
        .collect::<Option<_>>()
        .ok_or(VaultError::UnknownForm)?;
    page.rows
        .into_iter()
        .map(|row| {
            row.moved(&mut |place| at(&known, place), &mut |place| at(&lists, place))
                .ok_or(VaultError::UnknownForm)
        })
        .collect()
}
