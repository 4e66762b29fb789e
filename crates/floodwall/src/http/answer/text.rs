use std::cell::Cell;
use std::ops::Range;

use ::http::HeaderValue;
use bytes::{Bytes, BytesMut};

/// So many answers' texts lie side by side; what is larger than the rest makes room for itself.
const PAGE: usize = 4 * 1024;

/// Enough for the body and the fields of two quotas.
const USUAL: usize = 640;

thread_local! {
    // Most answers are gone before the page is full, and then it is used again: nothing is allocated
    // for a text. One that stays for longer keeps the page alive, and the thread takes a new one.
    static REST: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// Collects all the texts of one answer (body and field values) in one piece of memory.
pub(super) struct Text {
    page: BytesMut,
}

/// Where a text is in the whole.
pub(super) type Piece = Range<usize>;

impl Text {
    pub(super) fn new() -> Self {
        // A thread that ends may have to answer after its page is gone.
        let mut page = REST.try_with(Cell::take).unwrap_or_default();
        if page.capacity() < USUAL {
            page.reserve(PAGE);
        }
        Self { page }
    }

    pub(super) fn piece(&mut self, write: impl FnOnce(&mut Self)) -> Piece {
        let start = self.page.len();
        write(self);
        start..self.page.len()
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
        self.page.extend_from_slice(bytes);
        self
    }

    pub(super) fn freeze(self) -> Bytes {
        let mut page = self.page;
        let whole = page.split().freeze();
        // Without its thread's page it is as good, only dearer.
        let _ = REST.try_with(|rest| rest.set(page));
        whole
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
    fn texts_longer_than_a_page_stay_whole() {
        let mut text = Text::new();
        let mut pieces = Vec::new();
        for i in 0..PAGE as u64 {
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
