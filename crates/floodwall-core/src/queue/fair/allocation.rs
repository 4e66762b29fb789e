/// What each gets when `capacity` is shared max-min fairly among those who want so much: nobody gets
/// more than it wants, and what some do not want is shared equally by the others.
///
/// Negative demands and capacities, and those that are no numbers, count as none.
///
/// ```
/// use floodwall_core::queue::fair_allocation;
///
/// assert_eq!(fair_allocation(&[3.0, 7.0, 9.0, 1.0], 14.0), [3.0, 5.0, 5.0, 1.0]);
/// ```
pub fn fair_allocation(demands: &[f64], capacity: f64) -> Vec<f64> {
    let wanted: Vec<f64> = demands.iter().map(|demand| demand.max(0.0)).collect();
    let mut ascending: Vec<usize> = (0..wanted.len()).collect();
    ascending.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut given = vec![0.0; wanted.len()];
    let mut left = capacity.max(0.0);
    for (before, &who) in ascending.iter().enumerate() {
        let equal = left / (ascending.len() - before) as f64;
        given[who] = wanted[who].min(equal);
        left -= given[who];
    }
    given
}
