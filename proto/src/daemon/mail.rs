//! What comes to a daemon from elsewhere: answers, jobs that have run, the word that an object is free.

use super::job::{Route, Task, Work};
use super::responder::{Mail, Ticket};
use super::{Daemon, IDLE, Registry};
use crate::wire::OwnedAnnotations;

impl<R: Registry> Daemon<R> {
    pub(super) fn take_mail(&mut self) {
        if !self.mailbox.is_waiting() {
            return;
        }
        let mut mail = std::mem::take(&mut self.mail);
        self.mailbox.take(&mut mail);
        for item in mail.drain(..) {
            match item {
                Mail::Answer { ticket, result, annotations } => match self.sessions.take_batch(ticket) {
                    Some(batch) => {
                        self.end_call(ticket, (&result).into());
                        self.batch_answered(ticket.session, batch, result, &annotations);
                    }
                    // The answer has come before the word that it is to come.
                    None if self.sessions.runs_batch(ticket) => self.early.push((ticket, result, annotations)),
                    None => {
                        self.end_call(ticket, (&result).into());
                        if !self.sessions.reply(ticket, result, &annotations) && !self.errands.is_empty() {
                            self.end_errand(ticket);
                        }
                    }
                },
                Mail::Verdict { ticket, verdict } => self.settle_knock(ticket, verdict),
                Mail::Retry(ticket, baton) => self.sessions.retry(ticket, baton),
                Mail::Job(work) => self.report(work),
            }
        }
        self.mail = mail;
    }

    /// Goes on with a batch whose deferred answer is there already.
    fn take_early(&mut self, ticket: Ticket) {
        if let Some(at) = self.early.iter().position(|(early, ..)| *early == ticket) {
            let (_, result, annotations) = self.early.swap_remove(at);
            self.end_call(ticket, (&result).into());
            if let Some(batch) = self.sessions.take_batch(ticket) {
                self.batch_answered(ticket.session, batch, result, &annotations);
            }
        }
    }

    /// Takes in how a job ended.
    pub(super) fn report(&mut self, mut work: Box<Work>) {
        self.running -= 1;
        self.take_in(&mut work);
        if self.idle.len() < IDLE {
            self.idle.push(work);
        }
    }

    fn take_in(&mut self, work: &mut Work) {
        if !work.changes.is_empty() {
            self.take_changes(work);
        }
        let (session, ended) = (work.session, &mut work.ended);
        if let Some(Route::Stream(id)) = work.route.take()
            && matches!(ended.answer, Some(Err(_)))
        {
            self.streams.closed(&id);
            self.registry.drop_stream(&id);
        }
        let incoming = match work.task.take() {
            None => return,
            Some(Task::Call(incoming)) => incoming,
            Some(Task::Batch(batch)) => {
                let ticket = Ticket { session, call: batch.incoming.id };
                self.batch_stepped(session, batch, std::mem::take(ended));
                return self.take_early(ticket);
            }
        };
        if let Some(items) = work.stream.take() {
            if let Some(id) = self.open_stream(work.now, session, incoming, std::mem::take(ended)) {
                self.registry.keep_stream(id, items);
            }
            return;
        }
        let ticket = Ticket { session, call: incoming.id };
        let holds = std::mem::take(&mut work.holds);
        // What goes on keeps what follows waiting.
        if holds && ended.answer.is_some() {
            self.sessions.end_batch(session);
        }
        let oneway = incoming.is_oneway();
        self.sessions.keep(incoming.recycle());
        self.sessions.keep(std::mem::take(&mut ended.memory));
        if !ended.resources.is_empty() {
            self.sessions.track(session, std::mem::take(&mut ended.resources));
        }
        match ended.answer.take() {
            Some(result) => {
                self.end_call(ticket, (&result).into());
                if !self.sessions.reply(ticket, result, &ended.annotations) {
                    // It was oneway: its session may have waited for its end.
                    self.sessions.finished(session);
                }
            }
            None if oneway && self.keep_errand(ticket, ended.cancel.clone(), (holds, holds)) => {}
            None => self.sessions.defer(ticket, ended.cancel.take()),
        }
        ended.cancel = None;
        if !ended.annotations.is_empty() {
            ended.annotations = OwnedAnnotations::default();
        }
    }
}
