use super::*;
use crate::{Group, PhaseReport, Report, report::sample};

/// Every number of the picture that says where something is lies on the canvas.
fn assert_inside(svg: &str) {
    let attribute = |tag: &str, name: &str| -> Option<String> {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(tag[start..].split('"').next()?.to_owned())
    };
    let number =
        |tag: &str, name: &str| attribute(tag, name).and_then(|text| text.parse::<f64>().ok());
    let (wide, high) = (
        number(svg, "width").unwrap(),
        number(svg, "height").unwrap(),
    );
    let check = |x: f64, y: f64, tag: &str| {
        assert!(
            (0.0..=wide).contains(&x) && (0.0..=high).contains(&y),
            "{tag}"
        );
    };
    let tags: Vec<_> = svg.split('<').collect();
    for tag in &tags {
        for (x, y) in [("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")] {
            if let (Some(x), Some(y)) = (number(tag, x), number(tag, y)) {
                check(x, y, tag);
            }
        }
        let points = attribute(tag, "points").unwrap_or_default();
        for point in points.split_whitespace() {
            let (x, y) = point.split_once(',').unwrap();
            check(x.parse().unwrap(), y.parse().unwrap(), tag);
        }
        let rectangle = (number(tag, "x"), number(tag, "width"));
        if let (Some(x), Some(width)) = rectangle {
            assert!(x + width <= wide, "{tag}");
        }
        if tag.starts_with("text") {
            let words = tag.split_once('>').unwrap().1.trim();
            let words = words.replace("&lt;", "<").replace("&gt;", ">");
            let words = words.replace("&quot;", "\"").replace("&amp;", "&");
            let size = (number(tag, "font-size").unwrap() * 1.24).round() as u32;
            let long = f64::from(words::width(&words, size));
            let x = number(tag, "x").unwrap();
            let (left, right) = match attribute(tag, "text-anchor").unwrap().as_str() {
                "start" => (x, x + long),
                "end" => (x - long, x),
                _ => (x - long / 2.0, x + long / 2.0),
            };
            assert!(left >= -1.0 && right <= wide + 1.0, "{tag}");
        }
    }
    assert!(svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("NaN") && !svg.contains("inf\""));
}

fn all(report: &Report) -> String {
    let timeline = timeline(report).unwrap();
    let compare = compare(&[report, &sample::bare(), report]).unwrap();
    for svg in [&timeline, &compare] {
        assert_inside(svg);
    }
    timeline + &compare
}

/// Reports as nobody hopes for them.
fn odd() -> Vec<(&'static str, Report)> {
    let mut odd = vec![("empty", Report::default())];
    let mut add = |name, change: &dyn Fn(&mut Report)| {
        let mut report = sample::floodwall();
        change(&mut report);
        odd.push((name, report));
    };
    add("one step", &|report| {
        let series = &mut report.series;
        for values in [
            &mut series.offered,
            &mut series.goodput,
            &mut series.refused,
        ] {
            values.truncate(1);
        }
        series.p99.truncate(1);
        series.limit.truncate(1);
        report.seconds = 0.5;
    });
    add("all zero", &|report| {
        let series = &mut report.series;
        for values in [
            &mut series.offered,
            &mut series.goodput,
            &mut series.refused,
        ] {
            values.fill(0.0);
        }
        series.attempts.fill(0.0);
        series.p99.fill(Some(0.0));
        series.limit.fill(Some(0.0));
        series.capacity.fill(Some(0.0));
        report.capacity = Some(0.0);
    });
    add("one phase", &|report| report.phases.truncate(1));
    add("twenty phases", &|report| {
        report.phases = (0..20)
            .map(|at| PhaseReport {
                name: format!("the phase with the very long name number {at}"),
                start: 3.0 * f64::from(at),
                ..PhaseReport::default()
            })
            .collect();
    });
    add("no capacity", &|report| {
        report.capacity = None;
        report.series.capacity.fill(None);
        for phase in &mut report.phases {
            phase.capacity = None;
        }
    });
    add("huge", &|report| {
        for value in &mut report.series.offered {
            *value *= 1e4;
        }
        report.series.offered[7] = 1e300;
        report.series.line.fill(Some(1e12));
    });
    add("nothing known", &|report| {
        let series = &mut report.series;
        for values in [&mut series.p99, &mut series.limit, &mut series.in_flight] {
            values.fill(None);
        }
        for values in [&mut series.queue, &mut series.line, &mut series.pressure] {
            values.fill(None);
        }
        series.cut_off.fill(None);
        series.capacity.fill(None);
    });
    add("names", &|report| {
        report.stack = "<b>\"R&D\"</b>\u{0}\u{1b}".to_owned();
        report.scenario = "a < b & c > d, and on and on ".repeat(20);
        report.phases[1].name = "<flood> & \"more\"".to_owned();
        report.phases[1].classes[0] = Group {
            name: "w & <w>".repeat(50),
            offered: 1,
            ..Group::default()
        };
    });
    add("no numbers", &|report| {
        let series = &mut report.series;
        series.offered[3] = f64::NAN;
        series.goodput[4] = f64::INFINITY;
        series.refused[5] = f64::NEG_INFINITY;
        series.p99[6] = Some(f64::NAN);
        series.step = f64::NAN;
        report.seconds = f64::INFINITY;
        report.capacity = Some(f64::NAN);
        report.phases[0].start = f64::NAN;
        report.phases[1].start = 1e300;
        report.phases[2].offered_rate = f64::NAN;
        report.phases[2].possible = Some(f64::NAN);
    });
    odd
}

#[test]
fn a_timeline_names_all_that_it_shows() {
    let svg = timeline(&sample::bare()).unwrap();
    for words in [
        "bare",
        "calm",
        "flood",
        "after",
        "offered",
        "answered in time",
        "answered too late",
        "capacity 400/s",
        "no answer in time",
        "line behind the stack",
        "p99",
        "60 s",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    let svg = timeline(&sample::floodwall()).unwrap();
    for words in [
        "refused",
        "limit",
        "in flight",
        "queue of the stack",
        "pressure",
        "cut-off",
    ] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn what_nobody_knows_has_no_panel() {
    let svg = timeline(&sample::bare()).unwrap();
    assert!(!svg.contains("pressure") && !svg.contains("cut-off"));
}

#[test]
fn the_same_report_gives_the_same_picture() {
    let report = sample::floodwall();
    assert_eq!(timeline(&report), timeline(&report.clone()));
    assert_eq!(compare(&[&report]), compare(&[&report.clone()]));
}

#[test]
fn odd_reports_have_pictures_that_stay_on_the_canvas() {
    for (_, report) in odd() {
        all(&report);
    }
}

#[test]
fn a_report_of_nothing_says_so() {
    let svg = timeline(&Report::default()).unwrap();
    assert!(svg.contains("nothing was asked for"));
}

#[test]
fn where_answers_came_in_time_nobody_claims_silence() {
    let mut report = sample::floodwall();
    report.series.p99.fill(None);
    assert!(!timeline(&report).unwrap().contains("no answer in time"));
}

#[test]
fn a_series_that_is_longer_than_the_others_is_cut_off() {
    let mut report = sample::floodwall();
    let cut = timeline(&report).unwrap();
    report.series.queue.extend([Some(3.0); 50]);
    assert_eq!(timeline(&report).unwrap(), cut);
}

#[test]
fn names_are_escaped() {
    let odd = odd();
    let (_, report) = odd.iter().find(|(name, _)| *name == "names").unwrap();
    let svg = all(report);
    assert!(svg.contains("&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;"));
    assert!(!svg.contains('\u{0}') && !svg.contains('\u{1b}'));
}

#[test]
fn a_long_run_has_a_picture_of_bounded_size() {
    let mut report = sample::floodwall();
    let series = &mut report.series;
    for values in [
        &mut series.offered,
        &mut series.goodput,
        &mut series.refused,
    ] {
        *values = values.repeat(1_000);
    }
    let svg = timeline(&report).unwrap();
    assert!(svg.len() < 1_000_000, "{}", svg.len());
}

#[test]
fn one_to_six_stacks_fit_into_a_comparison() {
    let report = sample::floodwall();
    for given in 0..=6 {
        assert_inside(&compare(&vec![&report; given]).unwrap());
    }
    let error = compare(&[&report; 7]).unwrap_err();
    assert_eq!(error, PlotError::TooMany { given: 7, most: 6 });
    assert!(error.to_string().starts_with("7 do not fit"));
}

fn curves() -> Vec<SweepCurve> {
    let loads = [
        0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0,
    ];
    let stacks: [(&str, f64, f64); 5] = [
        ("bare", 1.0, 3.0),
        ("floodwall", 0.98, 0.0),
        ("concurrency limit", 0.95, 0.02),
        ("load shed", 0.9, 0.05),
        ("rate limit", 0.8, 0.0),
    ];
    stacks
        .map(|(stack, most, fall)| {
            let point = |load: f64| {
                let over = (load - 1.0).max(0.0);
                let goodput = load.min(most) * (1.0 - fall * over).max(0.0);
                SweepPoint {
                    load,
                    goodput: Some(goodput),
                    success_top: Some((goodput / load.min(1.0)).min(1.0)),
                    p99: (goodput > 0.0)
                        .then(|| 0.02 / (1.05 - load.min(1.0)) * (1.0 + fall * over)),
                }
            };
            SweepCurve {
                stack: stack.to_owned(),
                points: loads.map(point).to_vec(),
            }
        })
        .to_vec()
}

#[test]
fn a_sweep_names_each_curve_and_says_where_one_ends() {
    let svg = sweep(&curves()).unwrap();
    assert_inside(&svg);
    for words in [
        "bare, none past 1.25x",
        "floodwall",
        "rate limit",
        "what is possible",
        "load, in multiples",
    ] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn odd_sweeps_have_pictures_that_stay_on_the_canvas() {
    let curve = |load: f64, goodput: Option<f64>| SweepCurve {
        stack: "a <stack> with a name that is too long for any picture & more".to_owned(),
        points: vec![SweepPoint {
            load,
            goodput,
            ..SweepPoint::default()
        }],
    };
    let nothing = SweepCurve::default();
    for curves in [
        vec![],
        vec![nothing.clone()],
        vec![nothing; 6],
        vec![curve(f64::NAN, None)],
        vec![curve(1e300, Some(f64::INFINITY)), curve(0.0, Some(1e300))],
    ] {
        assert_inside(&sweep(&curves).unwrap());
    }
    let seven = vec![SweepCurve::default(); 7];
    assert!(matches!(sweep(&seven), Err(PlotError::TooMany { .. })));
}

/// As real runs are: short steps, much noise, a latency of two scales.
fn noisy() -> Report {
    let mut report = sample::floodwall();
    let series = &mut report.series;
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.8 + 0.4 * f64::from(state >> 16) / 65_536.0
    };
    series.step /= 8.0;
    for values in [
        &mut series.offered,
        &mut series.attempts,
        &mut series.goodput,
        &mut series.refused,
    ] {
        *values = values
            .iter()
            .flat_map(|value| [*value; 8])
            .map(|value| value * noise())
            .collect();
    }
    for values in [
        &mut series.p99,
        &mut series.limit,
        &mut series.in_flight,
        &mut series.queue,
        &mut series.line,
        &mut series.pressure,
        &mut series.cut_off,
        &mut series.capacity,
    ] {
        *values = values.iter().flat_map(|value| [*value; 8]).collect();
    }
    for value in series.p99.iter_mut().skip(320).take(20).flatten() {
        *value *= 20.0;
    }
    for value in series.line.iter_mut().flatten() {
        *value *= 500.0 * noise();
    }
    report
}

#[test]
fn a_noisy_run_names_its_main_lines() {
    let svg = timeline(&noisy()).unwrap();
    assert_inside(&svg);
    for words in [
        "offered",
        "answered in time",
        "refused",
        "capacity 400/s",
        "log scale",
    ] {
        assert!(svg.contains(words), "{words}");
    }
}

/// Pictures are judged by eye: with `FLOODWALL_PICTURES=FOLDER` they are written there.
#[test]
fn pictures_can_be_looked_at() {
    let Some(folder) = std::env::var_os("FLOODWALL_PICTURES") else {
        return;
    };
    let folder = std::path::Path::new(&folder);
    let write = |name: &str, svg: String| std::fs::write(folder.join(name), svg).unwrap();
    let (bare, floodwall) = (sample::bare(), sample::floodwall());
    write("bare.svg", timeline(&bare).unwrap());
    write("floodwall.svg", timeline(&floodwall).unwrap());
    let [limit, shed, codel] = [
        ("concurrency limit", 0.7),
        ("load shed", 0.5),
        ("codel", 0.9),
    ]
    .map(|(stack, share)| sample::between(stack, share));
    write("two.svg", compare(&[&bare, &floodwall]).unwrap());
    write(
        "five.svg",
        compare(&[&bare, &limit, &shed, &codel, &floodwall]).unwrap(),
    );
    write("sweep.svg", sweep(&curves()).unwrap());
    write("noisy.svg", timeline(&noisy()).unwrap());
    for (name, report) in odd() {
        write(&format!("odd {name}.svg"), timeline(&report).unwrap());
        write(
            &format!("odd {name} 2.svg"),
            compare(&[&report, &bare]).unwrap(),
        );
    }
}

#[test]
fn limits_and_scores_stay_on_the_canvas() {
    let odd = [
        None,
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(0.0),
        Some(-5.0),
        Some(1e18),
        Some(200.0),
    ];
    let course = |name: &str, limit: &[Option<f64>]| LimitCourse {
        name: name.to_owned(),
        limit: limit.to_vec(),
    };
    let courses = [
        course("<odd>", &odd),
        course("nothing", &[]),
        course("long", &[Some(7.0); 5_000]),
    ];
    let svg = limits("odd & long", 5.0, &courses, &odd).unwrap();
    assert_inside(&svg);
    assert!(svg.contains("&lt;odd&gt;") && svg.contains("long"), "{svg}");
    assert_inside(&limits("", f64::NAN, &[], &[]).unwrap());
    assert!(limits("", 1.0, &vec![courses[1].clone(); 17], &[]).is_err());

    let score = |score| Score {
        name: "a name that is far too long for the place that it has".to_owned(),
        score,
        stands_out: true,
    };
    let all = [0.0, 0.5, 1.0, 7.0, -1.0, f64::NAN].map(score);
    let svg = scores("scores", "of what could be", &all).unwrap();
    assert_inside(&svg);
    assert!(svg.contains("0.500"));
    assert!(scores("", "", &vec![score(1.0); 41]).is_err());
}
