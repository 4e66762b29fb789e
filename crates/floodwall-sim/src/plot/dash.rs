/// Cuts a path into what its pattern draws of it.
///
/// The pattern goes on around corners: begun anew at each point, dashes would merge into one line
/// wherever points are near each other.
pub(super) fn cut(path: &[(i32, i32)], pattern: &[u32]) -> Vec<Vec<(i32, i32)>> {
    if pattern.is_empty() || pattern.contains(&0) {
        return vec![path.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = path.first().map_or_else(Vec::new, |first| vec![*first]);
    let mut turn = 0;
    let mut left = f64::from(pattern[0]);
    for pair in path.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let at = (
                from.0 + (dx * share).round() as i32,
                from.1 + (dy * share).round() as i32,
            );
            if turn % 2 == 0 {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            turn = (turn + 1) % (pattern.len() / 2 * 2).max(2);
            left = f64::from(pattern[turn % pattern.len()]);
        }
        left -= length - done;
        if turn % 2 == 0 {
            piece.push(to);
        }
    }
    if turn % 2 == 0 && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_around_a_corner() {
        let pieces = cut(&[(0, 0), (6, 0), (6, 20)], &[10, 5]);
        assert_eq!(pieces[0], [(0, 0), (6, 0), (6, 4)]);
        assert_eq!(pieces[1], [(6, 9), (6, 19)]);
    }

    #[test]
    fn points_that_are_near_each_other_do_not_merge_the_dashes() {
        let path: Vec<_> = (0..100).map(|x| (x, 0)).collect();
        assert_eq!(cut(&path, &[3, 3]).len(), 17);
    }

    #[test]
    fn a_path_of_no_length_is_one_piece_at_most() {
        assert!(cut(&[], &[3, 3]).is_empty());
        assert!(cut(&[(1, 1)], &[3, 3]).is_empty());
        assert_eq!(cut(&[(1, 1), (1, 1)], &[3, 3]).len(), 1);
    }
}
