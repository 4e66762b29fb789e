//! Who floods the shop goes before nobody, and keeps nobody out.

#[path = "../fair_tenants.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use example::{hand_in, in_one_line, in_turns, jobs};

/// What was done, in the order in which it was.
fn done(told: &[String]) -> Vec<&str> {
    let done = told.iter().filter(|line| !line.contains("refused"));
    done.map(String::as_str).collect()
}

fn refused<'a>(told: &'a [String], owner: &str) -> Vec<&'a str> {
    let of = told.iter().filter(|line| line.starts_with(owner));
    of.filter(|line| line.contains("refused"))
        .map(String::as_str)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn in_one_line_only_the_publisher_is_served() {
    let told = hand_in(jobs(), in_one_line().unwrap()).await;
    assert_eq!(done(&told).len(), 17);
    assert!(done(&told).iter().all(|line| line.starts_with("publisher")));
    assert_eq!(refused(&told, "student"), ["student: page, refused: full"]);
}

#[tokio::test(start_paused = true)]
async fn in_turns_everybody_is_and_who_is_charged_double_comes_half_as_often() {
    let told = hand_in(jobs(), in_turns().unwrap()).await;
    let done = done(&told);
    assert_eq!(done.len(), 17, "{told:#?}");
    assert!(refused(&told, "student").is_empty());
    assert!(refused(&told, "painter").is_empty());
    // Four had to leave for them, the last ones that had found a place.
    let evicted = told.iter().filter(|line| line.ends_with("evicted"));
    assert_eq!(evicted.count(), 4, "{told:#?}");
    let place = |name: &str| done.iter().position(|line| *line == name).unwrap();
    assert!(place("student: page") <= 3, "{done:#?}");
    let posters = [1, 2, 3].map(|n| place(&format!("painter: poster {n}")));
    assert!(posters[0] <= 3, "{done:#?}");
    assert!(
        posters[1] - posters[0] >= 2 && posters[2] - posters[1] == 3,
        "{done:#?}"
    );
}
