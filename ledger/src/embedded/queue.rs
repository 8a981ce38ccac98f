//! Group commit: whoever's turn it is works for all who are waiting. Each waits by itself, and is woken when it has its answer
//! or its turn.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::prepared::Prepared;
use crate::{LedgerError, Recorded};

type Answer = Result<Recorded, LedgerError>;

/// An operation that somebody is waiting for. It gets an answer in any case: dropped unanswered, an error.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) operation: Prepared,
    place: Arc<Place>,
}

impl Waiting {
    pub(super) fn answer(self, answer: Answer) {
        self.place.tell(News::Answer(answer));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.place.tell(News::Answer(Err(LedgerError::Damaged(
            "the operation was interrupted",
        ))));
    }
}

/// Where one caller waits.
#[derive(Debug, Default)]
struct Place {
    news: Mutex<Option<News>>,
    came: Condvar,
}

#[derive(Debug)]
enum News {
    /// It is this caller's turn to work.
    Turn,
    Answer(Answer),
}

impl Place {
    /// The first answer counts; a turn is over when there is one.
    fn tell(&self, told: News) {
        let mut news = lock(&self.news);
        if !matches!(*news, Some(News::Answer(_))) {
            *news = Some(told);
            self.came.notify_one();
        }
    }

    fn wait(&self) -> News {
        let mut news = lock(&self.news);
        loop {
            match news.take() {
                Some(told) => return told,
                None => news = self.came.wait(news).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Operations on their way in.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Who waits to do something while nobody commits.
    alone: Vec<Arc<Place>>,
    /// Somebody is at work, or was told to.
    working: bool,
}

impl Queue {
    /// Gets this operation done. While one caller's `work` runs, others line up; then one of them does all of theirs in
    /// one go.
    ///
    /// As soon as `work` gives its turn back the next one begins, whatever else it still has to do.
    pub(super) fn submit(&self, operation: Prepared, work: impl FnOnce(Vec<Waiting>, Turn<'_>)) -> Answer {
        let place = Arc::new(Place::default());
        let mut line = lock(&self.0);
        line.waiting.push(Waiting {
            operation,
            place: Arc::clone(&place),
        });
        let is_first = !mem::replace(&mut line.working, true);
        drop(line);
        if !is_first && let News::Answer(answer) = place.wait() {
            return answer;
        }
        let turn = Turn(self);
        let group = mem::take(&mut lock(&self.0).waiting);
        work(group, turn);
        match place.wait() {
            News::Answer(answer) => answer,
            News::Turn => Err(LedgerError::Damaged("the operation was lost")),
        }
    }

    /// Does something while nobody commits.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let place = Arc::new(Place::default());
        let mut line = lock(&self.0);
        let is_first = !mem::replace(&mut line.working, true);
        if !is_first {
            line.alone.push(Arc::clone(&place));
        }
        drop(line);
        if !is_first {
            place.wait();
        }
        let _turn = Turn(self);
        work()
    }
}

/// Being the one at work; given on, also when the work panics.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Queue);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut line = lock(&self.0.0);
        let next = if line.alone.is_empty() {
            line.waiting.first().map(|waiting| Arc::clone(&waiting.place))
        } else {
            Some(line.alone.remove(0))
        };
        line.working = next.is_some();
        drop(line);
        if let Some(next) = next {
            next.tell(News::Turn);
        }
    }
}

/// Nothing kept under these locks can be half-changed, so a panic elsewhere doesn't spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;
    use crate::{Address, Domain, Grant, Proof, contract::Operation};

    fn operation() -> Prepared {
        let grant = Grant {
            subject: Address([0; 20]),
            commitment: [0; 32],
            not_before: 0,
            expiry: 0,
            revoke_hash: [0; 32],
        };
        let domain = Domain {
            chain_id: 1,
            registry: Address([0; 20]),
        };
        Prepared::new(&domain, Operation::Revoke(grant, Proof::Secret([0; 32])))
    }

    #[test]
    fn whoever_waits_during_a_commit_shares_the_next_one() {
        let queue = Queue::default();
        let groups = Mutex::new(Vec::new());
        let work = |group: Vec<Waiting>, _turn: Turn<'_>| {
            lock(&groups).push(group.len());
            let size = group.len() as u64;
            for waiting in group {
                waiting.answer(Ok(Recorded {
                    sequence: size,
                    time: 0,
                }));
            }
        };
        let (started, has_started) = mpsc::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let (queue, work) = (&queue, &work);
            let first = scope.spawn(move || {
                queue.submit(operation(), |group, turn| {
                    started.send(()).unwrap();
                    may_finish.recv().unwrap();
                    work(group, turn);
                })
            });
            has_started.recv().unwrap();
            let others: Vec<_> = (0..5)
                .map(|_| scope.spawn(move || queue.submit(operation(), work)))
                .collect();
            while lock(&queue.0).waiting.len() < 5 {
                thread::yield_now();
            }
            finish.send(()).unwrap();
            assert_eq!(first.join().unwrap().unwrap().sequence, 1);
            for other in others {
                assert_eq!(other.join().unwrap().unwrap().sequence, 5);
            }
        });
        assert_eq!(*lock(&groups), [1, 5]);
    }
    #[test]
    fn when_the_one_at_work_panics_the_others_get_an_error_and_work_goes_on() {
        let queue = Queue::default();
        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| queue.submit(operation(), |_, _| panic!("injected")))
                .join()
                .is_err()
        });
        assert!(panicked);
        let answer = queue.submit(operation(), |group, _turn| {
            for waiting in group {
                waiting.answer(Ok(Recorded { sequence: 1, time: 0 }));
            }
        });
        assert_eq!(answer.unwrap().sequence, 1);
        assert_eq!(
            queue
                .submit(operation(), |group, _turn| drop(group))
                .unwrap_err()
                .code(),
            "damaged"
        );
    }
}
