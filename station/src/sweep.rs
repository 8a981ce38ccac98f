//! Sweep: what has run out is let go, what a crash left behind is cleared away. At the start and from time to time.

use std::{collections::HashSet, fs, io};

use carnet_ledger::LedgerError;
use jiff::SignedDuration;

use crate::{
    accounts::AccountError,
    app::App,
    cards_shown::{KEPT, forget},
    counter::{self, CounterError},
    db::{Change, DbError},
    end::{EndError, let_go_if_ended_elsewhere, let_go_if_run_out},
    folder::{destroy, remove},
    issue,
    rows::{Asked, Given, Sent, State},
};

/// Questions that led to nothing are forgotten after this.
const FORGET: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why a sweep broke off; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("a consent could not be let go")]
    End(#[from] EndError),
    #[error("a left-over file could not be cleared away")]
    File(#[from] io::Error),
    #[error("a card could not be let go")]
    Card(#[from] issue::sweep::CardSweepError),
    #[error("a question at the counter could not be let go")]
    Counter(#[from] CounterError),
    #[error("the ledger's time could not be kept")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Once, before any door is open: what no row names was left by a crash, and what has run out meanwhile is let go. No chain is
/// asked: a station whose nodes are silent opens all the same.
pub fn after_a_crash(app: &App) -> Result<(), SweepError> {
    let mut named = HashSet::new();
    for asked in app.db.all::<Asked>("request/")? {
        let state = asked.state(app.clock.now());
        if matches!(state, State::Waiting | State::Opened | State::Recording) {
            named.insert(app.answer_key(&asked.id));
            named.insert(app.delivery_key(&asked.id));
        }
    }
    for asked in app.db.all::<Asked>("request/")? {
        if asked.cards.is_some() && !over(app, &asked) {
            named.insert(app.cards_key(&asked.id));
        }
    }
    for given in held(app)? {
        named.insert(app.delivery_key(&given.request_id));
        if given.delivered.is_some() {
            named.insert(app.delivery(&given.request_id));
        }
    }
    named.extend(counter::key_files(app)?);
    for folder in [app.folder.delivery_keys(), app.folder.deliveries()] {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if named.contains(&path) {
                continue;
            }
            if path.parent() == Some(app.folder.delivery_keys().as_path()) {
                destroy(&path)?;
            } else {
                remove(&path)?;
            }
        }
    }
    issue::sweep::after_a_crash(app)?;
    now(app)?;
    if app.registry.is_some() {
        ended_elsewhere(app)?;
    }
    Ok(())
}

/// Lets go of what is over by this station's own clock and rows. No chain is asked.
pub fn now(app: &App) -> Result<(), SweepError> {
    // First, and each by itself: what was promised to a patient hangs on nothing else.
    let run_out = run_out(app);
    let cleared = clear(app);
    run_out.and(cleared)
}

fn run_out(app: &App) -> Result<(), SweepError> {
    let mut first = Ok(());
    for given in held(app)? {
        let done = let_go_if_run_out(app, &given.grant_id);
        first = first.and(done.map(drop).map_err(SweepError::from));
    }
    first
}

/// Lets go of what the ledger says is over: taken back by another way. What fails for one consent fails for it alone; where no
/// node can be relied on, the others are not asked for. Whoever reads asks the ledger first, and is denied.
pub fn ended_elsewhere(app: &App) -> Result<(), SweepError> {
    let mut first = Ok(());
    for given in held(app)? {
        match let_go_if_ended_elsewhere(app, &given.grant_id) {
            Err(EndError::Ledger(LedgerError::Unreachable(_))) => break,
            done => first = first.and(done.map(drop).map_err(SweepError::from)),
        }
    }
    first
}

fn held(app: &App) -> Result<Vec<Given>, DbError> {
    let mut all = app.db.all::<Given>("consent/")?;
    all.retain(|given| given.ended.is_none());
    Ok(all)
}

fn clear(app: &App) -> Result<(), SweepError> {
    let time = app.clock.now();
    app.clock.witness()?;
    // A registry that nobody writes to must not go back in time either when the machine's clock does.
    if let Some(registry) = &app.registry {
        registry.keep_time()?;
    }
    app.accounts.sweep()?;
    crate::scan::sweep(app)?;
    counter::sweep(app)?;
    for asked in app.db.all::<Asked>("request/")? {
        match asked.state(time) {
            State::Expired | State::Denied => forget_question(app, &asked)?,
            State::Locked => lock(app, &asked)?,
            // The line of a check stays; the question goes.
            State::Answered if asked.check.is_some() && time.duration_since(asked.expires) > FORGET => {
                let mut change = Change::default();
                change.delete(&Asked::key(&asked.id));
                app.db.commit(change)?;
            }
            State::Waiting | State::Opened | State::Recording | State::Answered | State::Confirmed => {}
        }
        if asked.cards.is_some() && over(app, &asked) {
            forget_cards(app, &asked)?;
        }
    }
    let mut change = Change::default();
    for (id, sent) in app.db.named::<Sent>(Sent::TABLE)? {
        if time >= sent.until {
            change.delete(&format!("{}{id}", Sent::TABLE));
        }
    }
    app.db.commit(change)?;
    issue::sweep::now(app)?;
    Ok(())
}

/// The desk has had its time with the cards that were shown. That begins when the ledger has taken the consent beside them.
fn over(app: &App, asked: &Asked) -> bool {
    let now = app.clock.now();
    asked
        .cards
        .as_ref()
        .is_some_and(|cards| asked.state(now) != State::Recording && now.duration_since(cards.at) >= KEPT)
}

fn forget_cards(app: &App, asked: &Asked) -> Result<(), SweepError> {
    let gate = app.gates.of(&asked.id);
    let _turn = gate.enter();
    forget(app, &asked.id)?;
    if let Some(mut asked) = app.db.get::<Asked>(&Asked::key(&asked.id))? {
        asked.cards = None;
        app.db.put(&Asked::key(&asked.id), &asked)?;
    }
    app.events.request(&asked.id);
    Ok(())
}

fn forget_question(app: &App, asked: &Asked) -> Result<(), SweepError> {
    let gate = app.gates.of(&asked.id);
    let _turn = gate.enter();
    // An answer may have come in just before the time was up.
    let state = app
        .db
        .get::<Asked>(&Asked::key(&asked.id))?
        .map(|asked| asked.state(app.clock.now()));
    if !matches!(state, Some(State::Expired | State::Denied)) {
        return Ok(());
    }
    destroy(&app.answer_key(&asked.id))?;
    destroy(&app.delivery_key(&asked.id))?;
    let mut change = Change::default();
    if app.db.get::<String>(&Asked::signed_key(&asked.id))?.is_some() {
        change.delete(&Asked::signed_key(&asked.id));
        app.events.request(&asked.id);
    }
    if app.clock.now().duration_since(asked.expires) > FORGET {
        change.delete(&Asked::key(&asked.id));
    }
    Ok(app.db.commit(change)?)
}

/// A station killed right after the third wrong code finishes here what it began.
fn lock(app: &App, asked: &Asked) -> Result<(), SweepError> {
    let Some(grant_id) = asked.grant_id else {
        return Ok(forget(app, &asked.id)?);
    };
    let gate = app.gates.of(&asked.id);
    let _turn = gate.enter();
    if let Some(mut given) = app
        .db
        .get::<Given>(&Given::key(&grant_id))?
        .filter(|given| given.ended.is_none())
    {
        crate::end::let_go(app, &gate, &mut given, None)?;
    }
    Ok(())
}
