//! Threads for what takes long, so that the step thread need not wait for it.

use super::intake::{Input, Intake};
use avouch_promise::{Blame, Error};
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

type Job = Box<dyn FnOnce() -> Option<Input> + Send>;

/// One thread that does jobs in order and puts what comes of them into the step thread's queue.
pub(super) struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(name: &str, intake: Intake) -> Result<Self, Error> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let run = move || {
            for job in jobs {
                if let Some(input) = job() {
                    intake.put(input);
                }
            }
        };
        let thread = spawn(name, run)?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    /// Gives it a job.
    pub(super) fn give(&self, job: impl FnOnce() -> Option<Input> + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Box::new(job)); // the thread ends only with this worker
        }
    }
}

impl Drop for Worker {
    /// Waits for the jobs under way: a checkpoint is whole or not there, and the folder's lock is
    /// free when this returns.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a job that panicked has said so
        }
    }
}

/// Starts a thread with a name.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    Builder::new().name(name.to_owned()).spawn(run).map_err(|error| {
        Error::new(Blame::Environment, format!("a thread {name}"), error.to_string())
            .hint("the machine is out of threads or memory")
    })
}
