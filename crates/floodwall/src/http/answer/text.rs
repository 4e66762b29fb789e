use std::ops::Range;

use ::http::HeaderValue;
use bytes::Bytes;

/// Collects all the texts of one answer (body and field values) in one piece of memory, so that a
/// refusal allocates once for them and not once for each.
pub(super) struct Text {
    inline: [u8; Text::INLINE],
    len: usize,
    spilled: Vec<u8>,
}

/// Where a text is in the whole.
pub(super) type Piece = Range<usize>;

impl Text {
    /// Room for the body and the fields of two quotas; longer ones spill into a `Vec`.
    const INLINE: usize = 640;

    pub(super) const fn new() -> Self {
        Self {
            inline: [0; Self::INLINE],
            len: 0,
            spilled: Vec::new(),
        }
    }

    pub(super) fn piece(&mut self, write: impl FnOnce(&mut Self)) -> Piece {
        let start = self.len;
        write(self);
        start..self.len
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.push_bytes(text.as_bytes())
    }

    pub(super) fn push_number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            let digit = (number % 10) as u8;
            digits[start] = b'0' + digit;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push_bytes(&digits[start..])
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len + bytes.len();
        if end <= Self::INLINE {
            self.inline[self.len..end].copy_from_slice(bytes);
        } else {
            if self.spilled.is_empty() {
                self.spilled.reserve(2 * Self::INLINE);
                self.spilled.extend_from_slice(&self.inline[..self.len]);
            }
            self.spilled.extend_from_slice(bytes);
        }
        self.len = end;
        self
    }

    pub(super) fn freeze(self) -> Bytes {
        struct Inline([u8; Text::INLINE]);
        impl AsRef<[u8]> for Inline {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        if self.spilled.is_empty() {
            Bytes::from_owner(Inline(self.inline))
        } else {
            Bytes::from(self.spilled)
        }
    }
}

/// The field value that is `piece` of `whole`, unless there is a character that no field may have.
pub(super) fn value(whole: &Bytes, piece: &Piece) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(whole.slice(piece.clone())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_spill_stay_whole() {
        let mut text = Text::new();
        let mut pieces = Vec::new();
        for i in 0..Text::INLINE as u64 {
            pieces.push(text.piece(|text| {
                text.push("n=").push_number(i);
            }));
        }
        let whole = text.freeze();
        for (i, piece) in pieces.iter().enumerate() {
            assert_eq!(value(&whole, piece).unwrap(), format!("n={i}"));
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 9, 10, 1_234_567, u64::MAX] {
            let mut text = Text::new();
            let piece = text.piece(|text| {
                text.push_number(number);
            });
            assert_eq!(value(&text.freeze(), &piece).unwrap(), number.to_string());
        }
    }
}
