//! The containers that a program has entered step by step.

use firesteel_value::FormatError;

use super::{Parens, Progress, Reader};

/// Calls are nested less deeply; up to here nothing is allocated.
pub(super) const NEAR: usize = 4;

/// A container that was entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) close: u8,
    pub(super) progress: Progress,
}

impl Frame {
    pub(super) const NONE: Frame = Frame { close: 0, progress: Progress { started: false, comma: false } };
}

/// What a reader seldom needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare {
    pub(super) parens: Parens,
    /// The containers beyond the near ones.
    far: Vec<Frame>,
}

impl Reader<'_> {
    /// What scans have learned.
    pub(super) fn parens(&mut self) -> &mut Parens {
        &mut self.spare().parens
    }

    fn spare(&mut self) -> &mut Spare {
        self.spare.get_or_insert_default()
    }

    /// Enters a container.
    #[inline]
    pub(super) fn open(&mut self, close: u8) -> Result<(), FormatError> {
        if self.at_key {
            return Err(self.syntax("a key cannot be entered, only read"));
        }
        self.enter()?;
        let frame = Frame { close, progress: Progress::default() };
        match self.near.get_mut(self.open) {
            Some(near) => *near = frame,
            None => self.spare().far.push(frame),
        }
        self.open += 1;
        Ok(())
    }

    /// Moves on in the innermost container; false behind its end.
    #[inline]
    pub(super) fn step(&mut self, dict: bool) -> Result<bool, FormatError> {
        let Some(index) = self.open.checked_sub(1) else {
            return Err(self.syntax("no container was entered"));
        };
        let Some(&frame) = self.near.get(index) else {
            return self.far_step(dict);
        };
        let (more, frame) = self.step_in(frame, dict)?;
        if let Some(near) = self.near.get_mut(index) {
            *near = frame;
        }
        self.open = index + usize::from(more);
        Ok(more)
    }

    #[cold]
    fn far_step(&mut self, dict: bool) -> Result<bool, FormatError> {
        let Some(frame) = self.spare().far.pop() else {
            return Err(self.syntax("no container was entered"));
        };
        let (more, frame) = self.step_in(frame, dict)?;
        if more {
            self.spare().far.push(frame);
        } else {
            self.open -= 1;
        }
        Ok(more)
    }

    #[inline]
    fn step_in(&mut self, mut frame: Frame, dict: bool) -> Result<(bool, Frame), FormatError> {
        if (frame.close == b'}') != dict {
            return Err(self.syntax("another kind of container was entered"));
        }
        let more = self.next_in(frame.close, &mut frame.progress)?;
        if more {
            self.at_key = dict;
        } else {
            self.finish(frame.close, &mut frame.progress)?;
        }
        Ok((more, frame))
    }
}
