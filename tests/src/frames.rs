use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::Inside;

/// A body of so many frames of 1 KiB, and what comes then.
#[derive(Debug)]
pub struct Frames {
    left: usize,
    then: Then,
    // Whoever makes a body is still inside.
    inside: Option<Inside>,
}

/// What comes after the frames of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Its end.
    End,
    /// An error.
    Fail,
    /// More frames, without end.
    GoOn,
    /// A panic.
    Panic,
    /// Nothing, for ever.
    Stall,
}

impl Frames {
    /// A body of `frames` frames; whoever makes it stays `inside` until it is over.
    pub const fn new(frames: usize, then: Then, inside: Inside) -> Self {
        Self {
            left: frames,
            then,
            inside: Some(inside),
        }
    }
}

/// A panic that no hook prints: storms would fill the screen.
#[derive(Debug)]
pub struct Storm;

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            match self.then {
                Then::GoOn => {}
                Then::Stall => return Poll::Pending,
                Then::End => {
                    self.inside = None;
                    return Poll::Ready(None);
                }
                Then::Fail => {
                    self.inside = None;
                    return Poll::Ready(Some(Err(io::Error::other("the disk is gone"))));
                }
                Then::Panic => std::panic::resume_unwind(Box::new(Storm)),
            }
        }
        self.left = self.left.saturating_sub(1);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1_024])))))
    }

    fn is_end_stream(&self) -> bool {
        self.inside.is_none()
    }
}
