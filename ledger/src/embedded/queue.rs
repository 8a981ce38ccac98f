//! Group commit: whoever comes first works for all who are waiting.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::{LedgerError, Recorded, contract::Operation};

type Answer = Result<Recorded, LedgerError>;

/// An operation that somebody is waiting for. It gets an answer in any case: dropped unanswered, an error.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) operation: Operation,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Waiting {
    pub(super) fn answer(self, answer: Answer) {
        *lock(&self.answer) = Some(answer);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.answer).get_or_insert(Err(LedgerError::Damaged("the operation was interrupted")));
    }
}

/// Operations on their way in.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Somebody is at work.
    working: bool,
}

impl Queue {
    /// Gets this operation done. While one caller's `work` runs, others line up; then one of them does all of theirs in
    /// one go.
    pub(super) fn submit(&self, operation: Operation, work: impl FnOnce(Vec<Waiting>)) -> Answer {
        let answer = Arc::new(Mutex::new(None));
        let mut line = lock(&self.line);
        line.waiting.push(Waiting {
            operation,
            answer: Arc::clone(&answer),
        });
        line = self.until(line, |line| !line.working || lock(&answer).is_some());
        if lock(&answer).is_none() {
            let group = std::mem::take(&mut line.waiting);
            let turn = self.take_turn(line);
            work(group);
            drop(turn);
        }
        lock(&answer)
            .take()
            .unwrap_or(Err(LedgerError::Damaged("the operation was lost")))
    }

    /// Does something while nobody commits.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let line = self.until(lock(&self.line), |line| !line.working);
        let _turn = self.take_turn(line);
        work()
    }

    fn until<'a>(&self, line: MutexGuard<'a, Line>, ready: impl Fn(&Line) -> bool) -> MutexGuard<'a, Line> {
        self.moved
            .wait_while(line, |line| !ready(line))
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn take_turn(&self, mut line: MutexGuard<'_, Line>) -> Turn<'_> {
        line.working = true;
        Turn(self)
    }
}

/// Being the one at work; given back also when the work panics.
struct Turn<'a>(&'a Queue);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.0.line).working = false;
        self.0.moved.notify_all();
    }
}

/// Nothing kept under these locks can be half-changed, so a panic elsewhere doesn't spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;
    use crate::{Address, Grant, Proof};

    fn operation() -> Operation {
        let grant = Grant {
            subject: Address([0; 20]),
            commitment: [0; 32],
            not_before: 0,
            expiry: 0,
            revoke_hash: [0; 32],
        };
        Operation::Revoke(grant, Proof::Secret([0; 32]))
    }

    #[test]
    fn whoever_waits_during_a_commit_shares_the_next_one() {
        let queue = Queue::default();
        let groups = Mutex::new(Vec::new());
        let work = |group: Vec<Waiting>| {
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
                queue.submit(operation(), |group| {
                    started.send(()).unwrap();
                    may_finish.recv().unwrap();
                    work(group);
                })
            });
            has_started.recv().unwrap();
            let others: Vec<_> = (0..5)
                .map(|_| scope.spawn(move || queue.submit(operation(), work)))
                .collect();
            while lock(&queue.line).waiting.len() < 5 {
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
                .spawn(|| queue.submit(operation(), |_| panic!("injected")))
                .join()
                .is_err()
        });
        assert!(panicked);
        let answer = queue.submit(operation(), |group| {
            for waiting in group {
                waiting.answer(Ok(Recorded { sequence: 1, time: 0 }));
            }
        });
        assert_eq!(answer.unwrap().sequence, 1);
        assert_eq!(queue.submit(operation(), drop).unwrap_err().code(), "damaged");
    }
}
