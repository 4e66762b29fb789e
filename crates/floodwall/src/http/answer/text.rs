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

    pub(super) fn push_number(&mut self, number: u64) -> &mut Self {
        // In arrays of known lengths, which are cheaper to append than slices.
        let pair = |number: u64| {
            let at = 2 * (number % 100) as usize;
            [PAIRS.as_bytes()[at], PAIRS.as_bytes()[at + 1]]
        };
        let [c, d] = pair(number);
        match number {
            0..10 => self.push_bytes(&[d]),
            10..100 => self.push_bytes(&[c, d]),
            100..1_000 => self.push_bytes(&[pair(number / 100)[1], c, d]),
            _ => {
                let [a, b] = pair(number / 100);
                if number >= 10_000 {
                    self.push_number(number / 10_000);
                }
                self.push_bytes(&[a, b, c, d])
            }
        }
    }

    #[inline]
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

const PAIRS: &str = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// A number of one or two digits.
pub(super) fn small(number: u64) -> Option<&'static str> {
    let pair = 2 * usize::try_from(number)
        .ok()
        .filter(|&number| number < 100)?;
    PAIRS.get(if pair < 20 { pair + 1 } else { pair }..pair + 2)
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
        for number in [
            0,
            9,
            10,
            99,
            100,
            105,
            1_000,
            1_234_567,
            12_345_678,
            u64::MAX,
        ] {
            let mut text = Text::new();
            let piece = text.piece(|text| {
                text.push_number(number);
            });
            assert_eq!(value(&text.freeze(), &piece).unwrap(), number.to_string());
        }
    }
}
