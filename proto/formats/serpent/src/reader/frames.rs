//! The containers that a program has entered step by step.

use firesteel_value::FormatError;

use super::{Parens, Progress, Reader, is_space};

/// Calls are nested less deeply; for so many nothing is allocated.
pub(super) const NEAR: usize = 3;

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
        let around = std::mem::replace(&mut self.inner, Frame { close, progress: Progress::default() });
        if around.close != 0 {
            match self.near.get_mut(self.outer) {
                Some(near) => *near = around,
                None => self.spare().far.push(around),
            }
            self.outer += 1;
        }
        Ok(())
    }

    /// Moves on in the innermost container; false behind its end.
    #[inline(always)]
    pub(super) fn step(&mut self, dict: bool) -> Result<bool, FormatError> {
        // The usual case first: the next element stands where it should, without blanks.
        let Frame { close, progress } = self.inner;
        let right = if dict { close == b'}' } else { matches!(close, b')' | b']') };
        if right && (!progress.started || self.peek() == Some(b',')) {
            let at = self.pos + usize::from(progress.started);
            if self.text.get(at).is_some_and(|byte| *byte != close && !is_space(*byte)) {
                self.inner.progress = Progress { started: true, comma: progress.started };
                self.pos = at;
                self.at_key = dict;
                return Ok(true);
            }
        }
        self.any_step(dict)
    }

    fn any_step(&mut self, dict: bool) -> Result<bool, FormatError> {
        let Frame { close, progress } = self.inner;
        let single = close == b')' && progress.started && !progress.comma;
        if self.peek() == Some(close) && (close == b'}') == dict && !single {
            self.pos += 1;
            self.depth -= 1;
            self.close();
            return Ok(false);
        }
        self.careful_step(dict)
    }

    #[cold]
    fn careful_step(&mut self, dict: bool) -> Result<bool, FormatError> {
        let Frame { close, mut progress } = self.inner;
        if close == 0 {
            return Err(self.syntax("no container was entered"));
        }
        if (close == b'}') != dict {
            return Err(self.syntax("another kind of container was entered"));
        }
        if self.next_in(close, &mut progress)? {
            self.inner.progress = progress;
            self.at_key = dict;
            return Ok(true);
        }
        self.finish(close, &mut progress)?;
        self.close();
        Ok(false)
    }

    /// Goes back to the container around the innermost one.
    #[inline]
    fn close(&mut self) {
        let Some(outer) = self.outer.checked_sub(1) else {
            self.inner = Frame::NONE;
            return;
        };
        self.outer = outer;
        self.inner = match self.near.get(outer) {
            Some(near) => *near,
            None => self.spare().far.pop().unwrap_or(Frame::NONE),
        };
    }
}
