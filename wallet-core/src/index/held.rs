//! One record that is held, as its row tells it.

use carnet_fhir::{Coding, Group, Measurement, Sensitivity, Summary};

use super::{page::Row, texts::Texts};
use crate::views::{Point, RecordLine};

/// A row and the texts that it speaks of. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Held<'i> {
    texts: &'i Texts,
    row: &'i Row,
}

impl<'i> Held<'i> {
    pub(super) fn new(texts: &'i Texts, row: &'i Row) -> Self {
        Self { texts, row }
    }

    pub(crate) fn id(&self) -> String {
        hex::encode(self.row.id)
    }

    pub(super) fn begins_with(&self, id: &str) -> bool {
        let digits = self.row.id.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        id.len() <= 32
            && id
                .bytes()
                .zip(digits)
                .all(|(wanted, digit)| wanted == b"0123456789abcdef"[usize::from(digit)])
    }

    /// Where its bytes are: pack, first byte, length in bytes.
    pub(super) fn place(&self) -> (u32, u32, u32) {
        (self.row.pack, self.row.at, self.row.length)
    }

    /// Length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.row.length)
    }

    pub(crate) fn resource_type(&self) -> &'i str {
        self.texts.text(self.row.resource_type)
    }

    pub(crate) fn group(&self) -> Group {
        let group = Group::ALL.get(usize::from(self.row.group));
        group.copied().unwrap_or(Group::Other)
    }

    pub(crate) fn full_url(&self) -> Option<&'i str> {
        (self.row.full_url != 0).then(|| self.texts.text(self.row.full_url))
    }

    /// Whether its title or its detail has these letters, which must be lower-case.
    pub(crate) fn says(&self, text: &str) -> bool {
        [self.row.title, self.row.detail]
            .into_iter()
            .any(|place| self.texts.text(place).to_lowercase().contains(text))
    }

    pub(super) fn series(&self) -> Option<(u32, u32)> {
        let measured = self.row.measured.as_ref()?;
        Some((measured.code, measured.unit))
    }

    pub(crate) fn measurement(&self) -> Option<Measurement> {
        let measured = self.row.measured.as_ref()?;
        Some(Measurement {
            value: measured.value,
            low: measured.low,
            high: measured.high,
            unit: self.texts.text(measured.unit).to_owned(),
            code: self.texts.text(measured.code).to_owned(),
        })
    }

    /// Its value on its day.
    pub(crate) fn point(&self) -> Option<Point> {
        let day = self.row.day;
        Some(Point {
            date: format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100),
            value: self.row.measured.as_ref()?.value,
        })
    }

    pub(crate) fn line(&self) -> RecordLine {
        let date = self.texts.text(self.row.date);
        RecordLine {
            id: self.id(),
            resource_type: self.resource_type().to_owned(),
            group: self.group().to_string(),
            date: date
                .split('T')
                .next()
                .filter(|day| !day.is_empty())
                .map(str::to_owned),
            title: self.texts.text(self.row.title).to_owned(),
            detail: self.texts.optional(self.row.detail),
            sensitive: Sensitivity::of_bits(self.row.sensitive)
                .map(|why| why.as_str().to_owned())
                .collect(),
        }
    }

    /// What a policy needs to know.
    pub(crate) fn summary(&self) -> Summary {
        let texts = |list: u32| {
            let places = self.texts.list(list).iter();
            places.map(|place| self.texts.text(*place).to_owned()).collect()
        };
        let codings = |list: u32| {
            let places = self.texts.list(list).chunks_exact(2);
            places
                .map(|coding| Coding {
                    system: self.texts.text(coding[0]).to_owned(),
                    code: self.texts.text(coding[1]).to_owned(),
                })
                .collect()
        };
        Summary {
            resource_type: self.resource_type().to_owned(),
            fhir_id: self.texts.optional(self.row.fhir_id),
            title: self.texts.text(self.row.title).to_owned(),
            detail: self.texts.optional(self.row.detail),
            date: self.texts.text(self.row.date).parse().ok(),
            group: self.group(),
            active: self.row.active,
            categories: codings(self.row.categories),
            codes: codings(self.row.codes),
            sensitive: Sensitivity::of_bits(self.row.sensitive).collect(),
            subject: self.texts.optional(self.row.subject),
            refers_to: texts(self.row.refers_to),
            contained_types: texts(self.row.kinds),
            measurement: self.measurement(),
        }
    }
}
