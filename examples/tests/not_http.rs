//! In which order jobs are done, and which are not.

#[path = "../not_http.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use example::{hand_in, morning};

#[tokio::test(start_paused = true)]
async fn the_urgent_go_first_and_what_is_hopeless_or_least_urgent_is_refused() {
    let told = hand_in(morning()).await.unwrap();
    let mut done: Vec<_> = told
        .iter()
        .filter_map(|line| line.strip_suffix(" is done"))
        .collect();
    // Two are done at a time, and of those either may be told first.
    for pair in done.chunks_mut(2) {
        pair.sort_unstable();
    }
    assert_eq!(
        done,
        [
            "coffee",
            "post",
            "first aid",
            "invoice",
            "letter 1",
            "letter 2",
            "letter 3",
            "letter 4",
            "letter 5"
        ],
        "{told:#?}"
    );
    // Nine came and eight places were there: the least urgent one lost its place at once.
    assert_eq!(told[0], "dusting was refused after 0ns: evicted");
    assert!(
        told.iter()
            .any(|line| line.starts_with("a taxi") && line.ends_with("deadline"))
    );
    assert_eq!(told.len(), 11);
}
