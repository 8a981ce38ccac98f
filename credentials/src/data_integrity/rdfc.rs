//! RDF Dataset Canonicalization 1.0 (W3C RDFC-1.0), with SHA-256 or SHA-384.
//!
//! Written here because the crate at hand knows SHA-256 only, escapes literals otherwise than the specification says, and
//! puts no bound to the work: a graph of a few equal blank nodes keeps it busy for ever (section 7.1, "poison graphs").

use std::collections::{BTreeMap, HashMap};

use super::{
    DataIntegrityError,
    rdf::{Quad, Term, line},
    suite::Hash,
};

/// Statements and permutations looked at while blank nodes are told apart. Ordinary credentials take a few hundred.
const MAX_WORK: usize = 200_000;
/// Blank nodes that are told apart by one another, one behind the other.
const MAX_CHAIN: usize = 128;

/// The canonical N-Quads document.
pub(super) fn canonicalize(quads: &[Quad], hash: Hash) -> Result<String, DataIntegrityError> {
    let mut state = State::new(quads, hash);
    let mut by_hash: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (blank, hash) in &state.first_degree {
        by_hash.entry(hash.clone()).or_default().push(*blank);
    }
    for blanks in by_hash.values() {
        if let [only] = blanks.as_slice() {
            state.canonical.issue(*only);
        }
    }
    for blanks in by_hash.into_values().filter(|blanks| blanks.len() > 1) {
        let mut paths = Vec::new();
        for blank in blanks {
            if !state.canonical.issued(blank) {
                let mut issuer = Issuer::new("b");
                issuer.issue(blank);
                paths.push(state.hash_n_degree(blank, issuer, 0)?);
            }
        }
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, issuer) in paths {
            for blank in issuer.order {
                state.canonical.issue(blank);
            }
        }
    }
    let mut lines: Vec<String> = quads
        .iter()
        .map(|quad| line(quad, &|blank| state.canonical.label(blank)))
        .collect();
    lines.sort();
    lines.dedup();
    Ok(lines.concat())
}

/// Labels in the order in which they are given (section 4.5).
#[derive(Clone)]
struct Issuer {
    prefix: &'static str,
    order: Vec<usize>,
    numbers: HashMap<usize, usize>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            order: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    fn issued(&self, blank: usize) -> bool {
        self.numbers.contains_key(&blank)
    }

    fn issue(&mut self, blank: usize) -> String {
        if !self.issued(blank) {
            self.numbers.insert(blank, self.order.len());
            self.order.push(blank);
        }
        self.label(blank)
    }

    fn label(&self, blank: usize) -> String {
        let number = self.numbers.get(&blank).copied().unwrap_or_default();
        format!("{}{number}", self.prefix)
    }
}

struct State<'a> {
    hash: Hash,
    of: HashMap<usize, Vec<&'a Quad>>,
    first_degree: BTreeMap<usize, String>,
    canonical: Issuer,
    work: usize,
}

impl<'a> State<'a> {
    fn new(quads: &'a [Quad], hash: Hash) -> Self {
        let mut of: HashMap<usize, Vec<&Quad>> = HashMap::new();
        for quad in quads {
            for (blank, _) in blanks(quad) {
                let quads = of.entry(blank).or_default();
                if !quads.last().is_some_and(|last| std::ptr::eq(*last, quad)) {
                    quads.push(quad);
                }
            }
        }
        let first_degree = of
            .iter()
            .map(|(blank, quads)| (*blank, hash_first_degree(*blank, quads, hash)))
            .collect();
        Self {
            hash,
            of,
            first_degree,
            canonical: Issuer::new("c14n"),
            work: 0,
        }
    }

    fn spend(&mut self, work: usize) -> Result<(), DataIntegrityError> {
        self.work += work;
        if self.work > MAX_WORK {
            return Err(DataIntegrityError::TooComplex);
        }
        Ok(())
    }

    /// Section 4.7.
    fn hash_related(&self, related: usize, quad: &Quad, issuer: &Issuer, position: char) -> String {
        let mut input = String::from(position);
        if position != 'g' {
            input.push('<');
            input.push_str(&quad.predicate);
            input.push('>');
        }
        if self.canonical.issued(related) {
            input.push_str("_:");
            input.push_str(&self.canonical.label(related));
        } else if issuer.issued(related) {
            input.push_str("_:");
            input.push_str(&issuer.label(related));
        } else {
            input.push_str(self.first_degree.get(&related).map_or("", String::as_str));
        }
        self.hash.hex(input.as_bytes())
    }

    /// Section 4.8.
    fn hash_n_degree(
        &mut self,
        blank: usize,
        mut issuer: Issuer,
        depth: usize,
    ) -> Result<(String, Issuer), DataIntegrityError> {
        if depth > MAX_CHAIN {
            return Err(DataIntegrityError::TooComplex);
        }
        let quads = self.of.get(&blank).cloned().unwrap_or_default();
        self.spend(quads.len() + 1)?;
        let mut related: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for quad in quads {
            for (other, position) in blanks(quad) {
                if other != blank {
                    let hash = self.hash_related(other, quad, &issuer, position);
                    related.entry(hash).or_default().push(other);
                }
            }
        }
        let mut data = String::new();
        for (hash, mut list) in related {
            data.push_str(&hash);
            let mut chosen: Option<(String, Issuer)> = None;
            list.sort_unstable();
            loop {
                self.spend(list.len() + issuer.order.len())?;
                if let Some(found) =
                    self.path(&list, &issuer, chosen.as_ref().map(|c| c.0.as_str()), depth)?
                {
                    chosen = Some(found);
                }
                if !next_permutation(&mut list) {
                    break;
                }
            }
            let (path, best) = chosen.ok_or(DataIntegrityError::TooComplex)?;
            data.push_str(&path);
            issuer = best;
        }
        Ok((self.hash.hex(data.as_bytes()), issuer))
    }

    /// The path of one permutation, if it is smaller than the one chosen so far.
    fn path(
        &mut self,
        permutation: &[usize],
        issuer: &Issuer,
        chosen: Option<&str>,
        depth: usize,
    ) -> Result<Option<(String, Issuer)>, DataIntegrityError> {
        let larger = |path: &str| chosen.is_some_and(|c| path.len() >= c.len() && path > c);
        let mut issuer = issuer.clone();
        let mut path = String::new();
        let mut recursion = Vec::new();
        for &related in permutation {
            path.push_str("_:");
            if self.canonical.issued(related) {
                path.push_str(&self.canonical.label(related));
            } else {
                if !issuer.issued(related) {
                    recursion.push(related);
                }
                path.push_str(&issuer.issue(related));
            }
            if larger(&path) {
                return Ok(None);
            }
        }
        for related in recursion {
            let (hash, deeper) = self.hash_n_degree(related, issuer.clone(), depth + 1)?;
            path.push_str("_:");
            path.push_str(&issuer.issue(related));
            path.push('<');
            path.push_str(&hash);
            path.push('>');
            issuer = deeper;
            if larger(&path) {
                return Ok(None);
            }
        }
        Ok(chosen.is_none_or(|c| path.as_str() < c).then_some((path, issuer)))
    }
}

/// Section 4.6.
fn hash_first_degree(blank: usize, quads: &[&Quad], hash: Hash) -> String {
    let name = |other: usize| if other == blank { "a" } else { "z" }.to_owned();
    let mut lines: Vec<String> = quads.iter().map(|quad| line(quad, &name)).collect();
    lines.sort();
    hash.hex(lines.concat().as_bytes())
}

fn blanks(quad: &Quad) -> impl Iterator<Item = (usize, char)> {
    [
        (Some(&quad.subject), 's'),
        (Some(&quad.object), 'o'),
        (quad.graph.as_ref(), 'g'),
    ]
    .into_iter()
    .filter_map(|(term, position)| match term {
        Some(Term::Blank(number)) => Some((*number, position)),
        _ => None,
    })
}

/// The next arrangement in lexicographic order; none after the last one.
fn next_permutation(list: &mut [usize]) -> bool {
    let Some(pivot) = (1..list.len()).rev().find(|&i| list[i - 1] < list[i]) else {
        return false;
    };
    if let Some(swap) = (pivot..list.len()).rev().find(|&i| list[i] > list[pivot - 1]) {
        list.swap(pivot - 1, swap);
    }
    list[pivot..].reverse();
    true
}
