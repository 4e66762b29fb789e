//! Where the names of lines go: on the line itself, where no other line and no other name is.

use super::{
    canvas::{At, Frame},
    style, words,
};

/// Between a name and its line.
const GAP: i32 = 4;
/// A line this near to somebody else's name makes one doubt whose it is.
const NEAR: i32 = 22;
/// A line nearer than this must not be there: the name would be taken for that line's.
const CLEAR: i32 = 7;
/// What rises or falls more beside a name is not level.
const LEVEL: i32 = 24;
/// Half of the height of a name.
const HALF: i32 = 8;

/// The pixels that a line covers in each column of a frame: the highest and the lowest.
#[derive(Debug)]
pub(super) struct Trail {
    columns: Vec<Option<(i32, i32)>>,
    /// Nobody would take a name in another colour for that of a hairline.
    hair: bool,
}

impl Trail {
    pub(super) fn new(paths: &[Vec<At>], frame: &Frame, hair: bool) -> Self {
        let mut columns = vec![None; frame.width().max(0) as usize + 1];
        for path in paths {
            let alone = path.iter().map(|at| (*at, *at)).take(1);
            for (from, to) in alone.chain(path.windows(2).map(|pair| (pair[0], pair[1]))) {
                for x in from.0.max(frame.left)..=to.0.min(frame.right) {
                    let along = f64::from(x - from.0) / f64::from((to.0 - from.0).max(1));
                    let y = from.1 + (f64::from(to.1 - from.1) * along).round() as i32;
                    let (low, high) = if to.0 == from.0 {
                        (from.1.min(to.1), from.1.max(to.1))
                    } else {
                        (y, y)
                    };
                    let column: &mut Option<(i32, i32)> = &mut columns[(x - frame.left) as usize];
                    let (top, bottom) = column.unwrap_or((low, high));
                    *column = Some((top.min(low), bottom.max(high)));
                }
            }
        }
        Self { columns, hair }
    }

    /// What it covers between two columns, and how many of them.
    fn between(&self, left: i32, right: i32) -> (Option<(i32, i32)>, i32) {
        let (left, right) = (left.max(0) as usize, right.max(0) as usize);
        let columns = self.columns.get(left..=right.min(self.columns.len() - 1));
        let columns = columns.unwrap_or_default();
        let covered = columns.iter().flatten().count() as i32;
        let hull = columns
            .iter()
            .flatten()
            .copied()
            .reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        (hull, covered)
    }
}

/// Puts names beside lines so that none covers another or a line.
#[derive(Debug)]
pub(super) struct Labels {
    frame: Frame,
    taken: Vec<Frame>,
}

impl Labels {
    pub(super) fn new(frame: Frame) -> Self {
        Self {
            frame,
            taken: Vec::new(),
        }
    }

    /// Keeps names away from there.
    pub(super) fn take(&mut self, taken: Frame) {
        self.taken.push(taken);
    }

    /// The left end of the name, in the middle of its height; `None` where everything is full.
    pub(super) fn place(&mut self, name: &str, line: usize, trails: &[Trail]) -> Option<At> {
        let wide = words::width(name, style::SMALL) + 4;
        let mut best: Option<(i32, Frame)> = None;
        for left in (self.frame.left + 4..=self.frame.right - wide).step_by(6) {
            for (cost, spot, source) in self.spots(&trails[line], left, wide) {
                let Some(doubt) = self.doubt(&spot, line, trails) else {
                    continue;
                };
                if self.shared(&spot, source, line, trails) {
                    continue;
                }
                let cost = cost + 4 * doubt;
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, spot));
                }
            }
        }
        let (_, spot) = best?;
        self.take(spot);
        Some((spot.left + 2, spot.top + HALF))
    }

    /// Where the name could stand from `left` on, what speaks against it, and between which columns
    /// the stretch lies that it names.
    fn spots(&self, own: &Trail, left: i32, wide: i32) -> Vec<(i32, Frame, (i32, i32))> {
        let (from, to) = (left - self.frame.left, left - self.frame.left + wide);
        let spot = |top| Frame {
            left,
            top,
            right: left + wide,
            bottom: top + 2 * HALF,
        };
        let mut spots = Vec::new();
        let (here, covered) = own.between(from, to);
        // Where a line rises steeply, a name is beside nothing but its foot.
        let level =
            |(high, low): &(i32, i32)| 3 * (low - high) < self.frame.bottom - self.frame.top;
        if let Some((high, low)) = here.filter(level) {
            // A name belongs to a stretch that is level and goes on as long as the name does.
            let steep = if low - high > LEVEL { 100 } else { 0 };
            let cost = steep + (low - high) + 2 * (wide - covered).max(0);
            spots.push((cost, spot(high - GAP - 2 * HALF), (from, to)));
            spots.push((cost, spot(low + GAP), (from, to)));
        }
        // Or behind the end of such a stretch, as if it went on.
        for back in [8, 14, 20] {
            let stretch = (from - back - 8, from - back);
            let (Some((high, low)), _) = own.between(stretch.0, stretch.1) else {
                continue;
            };
            let beside = spot((high + low) / 2 - HALF);
            let leaves = here.is_none_or(|here| apart(&beside, here) > GAP);
            if stretch.0 > 0 && low - high <= HALF && leaves {
                spots.push((24 + back, beside, stretch));
            }
        }
        spots
    }

    /// How much a reader could take the name at `spot` for another line's; `None` if it must not be
    /// there.
    fn doubt(&self, spot: &Frame, line: usize, trails: &[Trail]) -> Option<i32> {
        if !self.frame.holds(spot) || self.taken.iter().any(|taken| taken.meets(spot)) {
            return None;
        }
        let (from, to) = (spot.left - self.frame.left, spot.right - self.frame.left);
        let mut most = 0;
        for (_, other) in trails.iter().enumerate().filter(|(at, _)| *at != line) {
            let (Some(hull), _) = other.between(from, to) else {
                continue;
            };
            let apart = apart(spot, hull);
            if apart < if other.hair { 2 } else { CLEAR } {
                return None;
            }
            if !other.hair {
                most = most.max(NEAR - apart);
            }
        }
        Some(most)
    }

    /// Whether the stretch that a name continues is another line's too: beside it, the name could be
    /// either's.
    fn shared(&self, spot: &Frame, (from, to): (i32, i32), line: usize, trails: &[Trail]) -> bool {
        if to > spot.left - self.frame.left {
            // Above or below: what is near was looked at already.
            return false;
        }
        let others = trails.iter().enumerate();
        let mut others = others.filter(|(at, other)| *at != line && !other.hair);
        others.any(|(_, other)| {
            let (hull, _) = other.between(from, to);
            hull.is_some_and(|hull| apart(spot, hull) < 0)
        })
    }
}

/// How far a line is from a name, above or below it; less than nothing if it crosses it.
fn apart(spot: &Frame, (high, low): (i32, i32)) -> i32 {
    (spot.top - low).max(high - spot.bottom)
}

/// Moves heights apart that are nearer to each other than `room`, as little as it takes, in order.
///
/// What does not fit between `top` and `bottom` stays in order, closer together.
pub(super) fn spread(heights: &mut [i32], room: i32, top: i32, bottom: i32) {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|at| heights[*at]);
    let gaps = heights.len().saturating_sub(1).max(1) as i32;
    let room = room.min((bottom - top).max(0) / gaps);
    // Clusters of names that touch, each around the mean of where its names would like to be.
    let mut clusters: Vec<(i32, Vec<usize>)> = Vec::new();
    for at in order {
        let mut start = heights[at];
        let mut members = vec![at];
        loop {
            let most = bottom - room * (members.len() as i32 - 1);
            start = start.clamp(top, most.max(top));
            let touches = |above: &(i32, Vec<usize>)| above.0 + room * above.1.len() as i32 > start;
            if !clusters.last().is_some_and(touches) {
                break;
            }
            let (_, mut above) = clusters.pop().unwrap_or_default();
            above.append(&mut members);
            members = above;
            let wishes = members
                .iter()
                .zip(0..)
                .map(|(name, place)| heights[*name] - place * room);
            start = wishes.sum::<i32>() / members.len() as i32;
        }
        clusters.push((start, members));
    }
    for (start, members) in clusters {
        for (name, place) in members.into_iter().zip(0..) {
            heights[name] = start + place * room;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 0,
        top: 0,
        right: 400,
        bottom: 200,
    };

    fn level(y: i32) -> Vec<At> {
        vec![(0, y), (400, y)]
    }

    #[test]
    fn names_that_would_collide_are_spread_in_order() {
        let mut heights = [100, 102, 98, 20];
        spread(&mut heights, 16, 0, 200);
        assert_eq!(heights, [100, 116, 84, 20]);
    }

    #[test]
    fn names_at_the_edge_stay_inside() {
        let mut heights = [0, 0, 0, 200, 200];
        spread(&mut heights, 16, 10, 190);
        assert_eq!(heights, [10, 26, 42, 174, 190]);
    }

    #[test]
    fn more_names_than_there_is_room_for_come_closer_together() {
        let mut heights = [50; 11];
        spread(&mut heights, 16, 0, 100);
        assert!(heights.iter().all(|y| (0..=100).contains(y)), "{heights:?}");
        assert!(
            heights.windows(2).all(|pair| pair[0] < pair[1]),
            "{heights:?}"
        );
        spread(&mut [], 16, 0, 100);
    }

    #[test]
    fn a_name_stands_where_its_line_is_alone() {
        // Together on the left, apart on the right.
        let lines = [
            vec![(0, 100), (200, 100), (210, 30), (400, 30)],
            vec![(0, 100), (400, 100)],
        ];
        let trails = lines.map(|line| Trail::new(&[line], &FRAME, false));
        let mut labels = Labels::new(FRAME);
        let upper = labels.place("offered", 0, &trails).unwrap();
        let lower = labels.place("answered", 1, &trails).unwrap();
        assert!(upper.0 > 200 && upper.1 < 60, "{upper:?}");
        assert!(lower.0 > 200 && (80..=120).contains(&lower.1), "{lower:?}");
    }

    #[test]
    fn a_name_does_not_continue_a_stretch_that_two_lines_share() {
        let own = vec![(0, 150), (200, 150), (201, 40), (400, 40)];
        let labels = || {
            let mut labels = Labels::new(FRAME);
            // Where the line is alone there is no room.
            labels.take(Frame {
                left: 180,
                bottom: 70,
                ..FRAME
            });
            labels
        };
        let alone = [Trail::new(std::slice::from_ref(&own), &FRAME, false)];
        assert!(labels().place("offered", 0, &alone).is_some());
        let other = vec![(0, 150), (200, 150), (201, 190), (400, 190)];
        let shared = [own, other].map(|line| Trail::new(&[line], &FRAME, false));
        assert_eq!(labels().place("offered", 0, &shared), None);
    }

    #[test]
    fn a_name_stands_across_no_line() {
        let trails = [100, 88, 112].map(|y| Trail::new(&[level(y)], &FRAME, false));
        assert_eq!(Labels::new(FRAME).place("offered", 0, &trails), None);
        let hairs = [(100, false), (88, true), (112, true)];
        let trails = hairs.map(|(y, hair)| Trail::new(&[level(y)], &FRAME, hair));
        assert_eq!(Labels::new(FRAME).place("offered", 0, &trails), None);
    }

    #[test]
    fn names_never_cover_each_other() {
        let trails: Vec<_> = (0..12)
            .map(|at| Trail::new(&[level(100 + at)], &FRAME, false))
            .collect();
        let mut labels = Labels::new(FRAME);
        for line in 0..trails.len() {
            labels.place("a name", line, &trails);
        }
        for (at, one) in labels.taken.iter().enumerate() {
            assert!(!labels.taken[at + 1..].iter().any(|other| other.meets(one)));
        }
    }

    #[test]
    fn where_there_is_no_room_there_is_no_name() {
        let trails = [0, 1, 2].map(|at| Trail::new(&[level(at)], &FRAME, false));
        let mut labels = Labels::new(Frame {
            bottom: 10,
            ..FRAME
        });
        assert_eq!(labels.place("a name", 1, &trails), None);
    }
}
