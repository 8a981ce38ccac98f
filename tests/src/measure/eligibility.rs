//! Eligibility proofs beside the bare range proof and the bare signatures that they are made of.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use carnet_eligibility::{
    Copy, Day, Issuance, Kind, Opening, Presentation, Randomness, Request, Rules, check, check_all, issue,
    prove,
};
use curve25519_dalek::Scalar;
use ed25519_dalek::{Signer, SigningKey};
use merlin::Transcript;
use rand_core_for_bulletproofs::OsRng;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::{cpu_each, line};

/// Answers that are checked together.
const TOGETHER: usize = 1_000;

pub(super) fn print() {
    if let Err(error) = lines() {
        println!("eligibility: not measured: {error}");
    }
}

struct Stage {
    request: Request,
    copy: Copy,
    opening: Opening,
    issuer: SigningKey,
    holder: SigningKey,
    today: Day,
}

fn stage() -> Result<Stage, Box<dyn Error>> {
    let (issuer, holder) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let today: Day = serde_json::from_value(json!("2026-03-01"))?;
    let request = serde_json::from_value(json!({
        "statement": { "statement": "age-at-least", "years": 65 },
        "as_of": today,
        "audience": "x509_hash:pharmacy",
        "nonce": "07".repeat(32),
    }))?;
    let born: Day = serde_json::from_value(json!("1950-06-01"))?;
    let (copy, opening) = issue(
        &Issuance {
            kind: &Kind::BirthDate,
            values: &[u32::from(born.number())],
            holder: &holder.verifying_key(),
            from: today,
            until: today,
        },
        &issuer,
        randomness(0)?,
    )?;
    Ok(Stage {
        request,
        copy,
        opening,
        issuer,
        holder,
        today,
    })
}

fn randomness(seed: u64) -> Result<Randomness, Box<dyn Error>> {
    Ok(Randomness::new(Sha512::digest(seed.to_be_bytes()).into())?)
}

fn shown(stage: &Stage) -> Result<Presentation, Box<dyn Error>> {
    let Stage {
        request,
        copy,
        opening,
        holder,
        ..
    } = stage;
    Ok(prove(request, copy, opening, holder, randomness(1)?)?)
}

fn lines() -> Result<(), Box<dyn Error>> {
    let stage = stage()?;
    let bytes = shown(&stage)?.to_bytes();
    let issuers = [stage.issuer.verifying_key()];
    let rules = Rules {
        issuers: &issuers,
        today: stage.today,
    };
    check(&bytes, &stage.request, &rules)?;

    let (vectors, pedersen) = (BulletproofGens::new(16, 1), PedersenGens::default());
    let blinding = Scalar::from_bytes_mod_order([5; 32]);
    let bare = || {
        let mut transcript = Transcript::new(b"bare");
        RangeProof::prove_single_with_rng(
            &vectors,
            &pedersen,
            &mut transcript,
            5_000,
            &blinding,
            16,
            &mut OsRng,
        )
    };
    let (proof, commitment) = bare().map_err(|error| format!("{error:?}"))?;
    let message = [7; 64];
    let signature = stage.holder.sign(&message);
    let holder = stage.holder.verifying_key();

    let prove_bare = cpu_each(5, 20, bare);
    let sign = cpu_each(5, 200, || stage.holder.sign(&message));
    let check_bare = cpu_each(5, 50, || {
        let mut transcript = Transcript::new(b"bare");
        proof.verify_single_with_rng(&vectors, &pedersen, &mut transcript, &commitment, 16, &mut OsRng)
    });
    let verify = cpu_each(5, 200, || holder.verify_strict(&message, &signature));

    let ours = cpu_each(5, 20, || shown(&stage).map(|shown| shown.to_bytes().len()));
    line(
        "eligibility, 16 bits: made, checked by oneself",
        ours,
        prove_bare + check_bare + sign + verify,
        "≤ 1.1",
    );
    let ours = cpu_each(5, 50, || check(&bytes, &stage.request, &rules));
    line(
        "eligibility, 16 bits: checked / proof + two Ed25519",
        ours,
        check_bare + 2 * verify,
        "≤ 1.1",
    );
    let together: Vec<(&[u8], &Request)> = (0..TOGETHER).map(|_| (&bytes[..], &stage.request)).collect();
    let ours = cpu_each(3, 1, || check_all(&together, &rules)) / TOGETHER as u32;
    line(
        "eligibility, 16 bits: one of 1,000 checked together",
        ours,
        check_bare + 2 * verify,
        "",
    );
    // Refused at the very last of what comes before the proofs: the difference is what the proofs themselves cost.
    let mut unsigned = bytes.clone();
    let last_number = unsigned.len().saturating_sub(32);
    if let Some(byte) = unsigned.get_mut(last_number) {
        *byte ^= 1;
    }
    let refused: Vec<(&[u8], &Request)> = (0..TOGETHER).map(|_| (&unsigned[..], &stage.request)).collect();
    let signatures = cpu_each(3, 1, || check_all(&refused, &rules)) / TOGETHER as u32;
    let proofs = ours.saturating_sub(signatures);
    line("  of that the range proof", proofs, check_bare, "");
    println!(
        "  {:.0} range proofs/s on one core (target 6,000), {:.0} whole answers/s",
        1.0 / proofs.as_secs_f64(),
        1.0 / ours.as_secs_f64()
    );
    let ours = cpu_each(5, 200, || {
        issue(
            &Issuance {
                kind: &Kind::BirthDate,
                values: &[20_000],
                holder: &holder,
                from: stage.today,
                until: stage.today,
            },
            &stage.issuer,
            Randomness::new(Sha512::digest(message).into())
                .map_err(|_| ())
                .ok()?,
        )
        .ok()
    });
    line("eligibility: a copy issued", ours, sign, "");
    println!(
        "  {:.0} copies/s on one core (target 8,000); a presentation takes {} bytes (target 800)",
        1.0 / ours.as_secs_f64(),
        bytes.len()
    );
    Ok(())
}
