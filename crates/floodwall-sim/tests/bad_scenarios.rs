//! What a scenario file must not say, and what is said about it.

use std::time::Duration;

use floodwall_sim::{Bound, Client, Expect, Phase, Scenario, ScenarioError, Stack, Tier, Times};
use proptest::prelude::*;

/// A good file with everything in it that a row below spoils.
const GOOD: &str = include_str!("good.toml");

/// What is replaced in the good file, by what, and words of the error. The line that the error must
/// name is marked with `# HERE`; without a mark it is that of the replacement.
type Row = (&'static str, &'static str, &'static [&'static str]);

// A row is a line, however long, so that the table can be read as one.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Keys and words.
    ("about = \"A good file.\"", "abuot = 1 # HERE", &["unknown key `abuot`", "did you mean `about`?"]),
    ("limit = 16", "limt = 16 # HERE", &["unknown key `limt` in `stack`", "did you mean `limit`?"]),
    ("limit = 16", "colour = 16 # HERE", &["unknown key `colour` in `stack`", "`limit`, `queue`, `shed`, `quota`"]),
    ("sigma = 1.0", "sigmo = 1.0", &["unknown key `sigmo`", "did you mean `sigma`?"]),
    ("times = 2, ", "tmes = 2, ", &["unknown key `tmes` in `client.retry`", "did you mean `times`?"]),
    ("service = { exponential = \"10ms\" }", "service = { exponentail = \"10ms\" } # HERE", &["unknown word `exponentail` for `tier.service`", "did you mean `exponential`?"]),
    ("arrivals = \"poisson\"", "arrivals = \"posson\" # HERE", &["unknown word `posson` for `arrivals`", "did you mean `poisson`?"]),
    ("measure = \"p99\"", "measure = \"p98\" # HERE", &["unknown word `p98` for `measure`", "did you mean `p99`?"]),
    ("[[phase]]\nname = \"calm\"\nfor = \"5s\"", "[[phase]] # HERE\nname = \"calm\"", &["`phase` has no `for`", "add `for = ...`"]),
    ("limit = 16", "limit = \"many\" # HERE", &["`limit` is \"many\"", "a whole number"]),
    ("limit = 16", "limit = = 16 # HERE", &["extra `=`", "remove it"]),
    ("name = \"calm\"", "name = \"calm\"\nname = \"calm\" # HERE", &["duplicate key", "keep one"]),
    ("service = { exponential = \"10ms\" }", "service = { exponential = \"10ms\", constant = \"1ms\" } # HERE", &["`service` says several things", "write one"]),
    ("load = { flood = 0.5 }", "load = \"much\" # HERE", &["`load`", "a number, or a table of numbers by phase"]),
    ("limit = 16", "limit = 1.5 # HERE", &["`limit` is `1.5`", "a whole number, 0 to 4294967295"]),
    ("limit = 16", "limit = -1 # HERE", &["`limit` is `-1`", "a whole number"]),
    ("class = 7", "class = 700 # HERE", &["`class` is `700`", "0 to 7"]),
    ("per = \"client\"", "per = client # HERE", &["must be quoted", "write it in quotes"]),
    ("service = { exponential = \"10ms\" }", "service = \"10ms\" # HERE", &["unknown word `10ms` for `service`", "`{ exponential = \"10ms\" }`"]),
    ("service = { exponential = \"10ms\" }", "service = 10 # HERE", &["`service` does not say which", "`{ exponential = \"10ms\" }`"]),
    ("arrivals = \"poisson\"", "arrivals = \"bursts\" # HERE", &["`arrivals` is a word that needs a value", "`{ bursts = 10 }`"]),
    ("[stack]\nlimit", "[[stack]] # HERE\nlimit", &["a list of `stack`", "write `[stack]`, once"]),
    ("[[collapse]]", "[collapse] # HERE", &["`collapse` is one table", "write `[[collapse]]`"]),
    // Time.
    ("for = \"30s\"", "for = 30 # HERE", &["`for` is `30`", "length of time with its unit"]),
    ("for = \"30s\"", "for = \"30\" # HERE", &["`30` has no unit", "write `30ms`, `30s`"]),
    ("for = \"30s\"", "for = \"30parsecs\" # HERE", &["`parsecs` is no unit of time", "ms, s, min"]),
    ("for = \"30s\"", "for = \"-30s\" # HERE", &["negative", "time runs forward"]),
    ("for = \"30s\"", "for = \"0s\" # HERE", &["phase `flood` lasts no time", "more than 0"]),
    ("settle = \"1s\"", "settle = \"30s\" # HERE", &["nothing of phase `flood` is left", "shorter `settle`"]),
    ("for = \"30s\"", "for = \"31d\"", &["by the end of phase `flood`", "30 days at most"]),
    // How much comes.
    ("load = 0.5", "load = -0.5 # HERE", &["the load is negative: -0.5", "0 or more"]),
    ("load = 0.5", "load = nan # HERE", &["the load is NaN", "finite"]),
    ("load = 0.5", "load = inf # HERE", &["the load is inf", "finite"]),
    ("load = 0.5", "load = 10000.0 # HERE", &["10000 times the capacity is 16000000", "10000000 per second at most"]),
    ("load = 0.5", "load = 0.5\nrate = \"1/s\" # HERE", &["phase `calm` has both", "keep one"]),
    ("rate = \"800/s\"", "rate = \"-800/s\" # HERE", &["the rate is negative", "0 or more"]),
    ("rate = \"800/s\"", "rate = \"inf/s\" # HERE", &["the rate is inf", "finite"]),
    ("rate = \"800/s\"", "rate = \"9000000/s\" # HERE", &["the most that comes is 13500000", "at most"]),
    ("rate = \"800/s\"", "rate = 800 # HERE", &["`rate` is `800`", "\"100/s\""]),
    ("rate = \"800/s\"", "rate = \"800\" # HERE", &["`800` is no rate", "`100/s`"]),
    ("rate = \"800/s\"\nshape = { wave", "shape = { wave", &["phase `after` has a shape", "add `load` or `rate`"]),
    ("capacity = \"1600/s\"", "capacity = \"0/s\" # HERE", &["the capacity is 0", "more than 0"]),
    ("capacity = \"1600/s\"", "", &["capacity, which is not known", "add `capacity = \"1000/s\"`"]),
    ("swing = 0.5", "swing = 1.5", &["the swing is 1.5", "0 to 1"]),
    ("period = \"1s\"", "period = \"0s\"", &["`period` is no time", "more than 0"]),
    ("peak = 2.0", "peak = 0.5", &["the peak of the crowd is 0.5", "1 or more"]),
    ("name = \"after\"", "name = \"calm\" # HERE", &["there are two of `calm`", "a name of its own"]),
    ("name = \"after\"", "name = \"\" # HERE", &["a phase without a name", "give it one"]),
    ("capacity = \"1600/s\"", "capacity = \"1600/s\"\nsweep = [0.5, 0] # HERE", &["a load of the sweep is 0", "more than 0"]),
    // Clients.
    ("name = \"batch\"", "name = \"crawlers\" # HERE", &["there are two of `crawlers`"]),
    ("class = 7", "class = 8 # HERE", &["there is no class 8", "0 (most urgent) to 7"]),
    ("share = 0.75", "share = 0.75\nload = 1.0 # HERE", &["client `crawlers` has both `share` and `load`", "keep one"]),
    ("load = { flood = 0.5 }", "", &["how much client `batch` sends", "`share`, `load` and `users`"]),
    ("share = 0.75", "share = 0.7 # HERE", &["add up to 0.95", "add up to 1"]),
    ("share = 0.75", "share = 1.75 # HERE", &["the share is 1.75", "0 to 1"]),
    ("{ flood = 0.5 }", "{ floot = 0.5 }", &["there is no phase `floot`", "did you mean `flood`?"]),
    ("{ flood = 0.5 }", "{ flood = -0.5 }", &["the load is negative"]),
    ("count = 10", "count = 0", &["a loop of 0 users", "1 to 1000000"]),
    ("{ exponential = \"1s\" }", "{ exponential = \"0s\" }", &["no time at all to think"]),
    ("tenants = 100", "tenants = 0 # HERE", &["client `shoppers` stands for 0 tenants", "1 to 100000"]),
    ("tenants = 100", "tenants = 100001 # HERE", &["stands for 100001 tenants"]),
    ("tenants = 100", "skew = -1 # HERE", &["the skew is negative"]),
    ("tenants = 100", "work = 0 # HERE", &["the work of a request is 0", "more than 0"]),
    ("deadline = \"100ms\"", "deadline = \"0ms\" # HERE", &["a deadline of no time", "leave it out"]),
    ("patience = \"200ms\"", "patience = \"0ms\" # HERE", &["a patience of no time"]),
    ("times = 2, ", "times = 21, ", &["21 retries of one request", "20 at most"]),
    ("growth = 2.0", "growth = 0.5", &["the growth of the wait is 0.5", "1 or more"]),
    ("jitter = 0.5", "jitter = 1.5", &["the jitter is 1.5", "0 to 1"]),
    ("retry_budget = 0.2", "retry_budget = 20", &["the budget of retries is 20", "0 to 1"]),
    ("budget = 0.1", "budget = -0.1", &["the budget of retries is -0.1", "0 to 1"]),
    ("arrivals = \"poisson\"", "arrivals = { bursts = 0 } # HERE", &["bursts of 0", "1 or more"]),
    // Tiers.
    ("name = \"store\"\nworkers", "name = \"shop\" # HERE\nworkers", &["there are two of `shop`"]),
    ("workers = 64", "workers = 0 # HERE", &["tier `store` has no workers", "1 or more"]),
    ("service = { exponential = \"10ms\" }", "service = { exponential = \"0ms\" } # HERE", &["no time at all to serve"]),
    ("service = { exponential = \"10ms\" }", "service = { bimodal = { fast = \"1ms\", slow = \"9ms\", slow_share = 2.0 } } # HERE", &["the share of the slow is 2"]),
    ("service = { exponential = \"10ms\" }", "service = { pareto = { least = \"1ms\", shape = 0.0, cap = \"9ms\" } } # HERE", &["the shape is 0", "more than 0"]),
    ("service = { exponential = \"10ms\" }", "service = { pareto = { least = \"10ms\", shape = 1.5, cap = \"9ms\" } } # HERE", &["the longest is shorter", "`cap`"]),
    ("service = { exponential = \"10ms\" }", "service = { uniform = { from = \"10ms\", to = \"9ms\" } } # HERE", &["the longest is shorter", "`to`"]),
    ("service = { exponential = \"10ms\" }", "service = { empirical = [] } # HERE", &["none in it", "at least one"]),
    ("sigma = 1.0", "sigma = -1.0", &["sigma is negative"]),
    ("sigma = 1.0", "sigma = 5.5", &["a sigma of 5.5", "5 at most"]),
    ("share = 0.1, count", "share = 1.1, count", &["the share that needs a lock is 1.1"]),
    ("count = 4", "count = 0", &["there are 0 locks", "remove `lock`"]),
    ("hold = \"1ms\"", "hold = \"0ms\"", &["a hold of no time"]),
    ("tier = \"store\"", "tier = \"stor\"", &["there is no tier `stor`", "did you mean `store`?"]),
    ("tier = \"store\"", "tier = \"shop\"", &["for ever: `shop` calls `shop`", "remove one"]),
    ("workers = 64", "workers = 64\ncalls = [{ tier = \"shop\" }] # HERE", &["for ever: `shop` calls `store` calls `shop`", "remove one"]),
    ("times = 1, up_to = 3", "times = 0", &["0 calls to tier `store`", "1 to 1000"]),
    ("up_to = 3", "up_to = 0", &["up to 0", "`times` to 1000"]),
    ("slow = 3.0", "", &["a change in which nothing changes", "`slow`, `stall`, `fail`"]),
    ("slow = 3.0", "slow = 0.0 # HERE", &["`slow` is 0", "more than 0"]),
    ("slow = 3.0", "fail = 1.5 # HERE", &["the share that fails is 1.5"]),
    ("slow = 3.0", "slow = 3.0\nfail_after = \"1s\" # HERE", &["none does", "add `fail`"]),
    ("slow = 3.0", "workers = 17 # HERE", &["more workers are left than tier `shop` has", "16 at most"]),
    ("at = \"10s\"", "at = \"45s\" # HERE", &["the run is over before the change", "earlier `at`"]),
    ("capacity = \"1600/s\"", "capacity = \"1600/s\"\nprotect = [\"shp\"] # HERE", &["there is no tier `shp`", "did you mean `shop`?"]),
    // The stack.
    ("limit = 16", "limit = 0 # HERE", &["a limit of 0", "at least 1"]),
    ("limit = 16", "", &["a queue without a limit", "add `limit`"]),
    ("capacity = 64", "capacity = 99999999", &["capacity 99999999", "1 to 16777216 places"]),
    ("max_wait = \"50ms\"", "max_wait = \"0s\"", &["max_wait 0", "more than zero"]),
    ("7 = 0.05", "8 = 0.05", &["there is no class `8`", "0 (most urgent) to 7"]),
    ("7 = 0.05", "7 = 0.6", &["share 0.6 of priority 7", "0 to 0.5"]),
    ("7 = 0.05", "7 = 0.3, 6 = 0.3", &["shares of 0.6 in total", "at most 0.5"]),
    ("limit = 16", "limit = 16\nshed = { shares = { 9 = 0.1 } } # HERE", &["there is no class `9`", "0 (most urgent) to 7"]),
    ("limit = 16", "limit = 16\nshed = { shares = { 7 = 0.6 } } # HERE", &["a share of 0.6 for class 7", "at most 0.5"]),
    ("limit = 16", "limit = 16\nshed = { target = \"0s\" } # HERE", &["target cannot be 0ns", "between 1ms and 60s"]),
    ("limit = 16", "limit = 16\nshed = { by = \"luck\" } # HERE", &["`luck`", "`turns`"]),
    ("allow = \"100/s burst 20\"", "allow = \"100\" # HERE", &["`100`: a `/` is missing", "\"100/s\""]),
    // What is expected.
    ("at_most = \"150ms\"", "", &["nothing is expected of `p99`", "add `at_least` or `at_most`"]),
    ("at_most = \"150ms\"", "at_most = 150 # HERE", &["`p99` is a length of time, not 150", "\"55ms\""]),
    ("at_most = \"150ms\"", "at_most = \"150ms\" # HERE\nat_least = \"160ms\"", &["at least this much", "above `at_least`"]),
    ("at_least = \"99.5 %\"", "at_least = \"99ms\" # HERE", &["`success` is no length of time", "\"98 %\""]),
    ("at_least = \"99.5 %\"", "at_least = 98 # HERE", &["`success` is a share, 0 to 1, not 98", "write 0.98 or \"98 %\""]),
    ("at_least = \"99.5 %\"", "at_least = 980 # HERE", &["not 980", "\"100 %\""]),
    ("at_least = \"99.5 %\"", "at_least = -0.1 # HERE", &["`success` is negative"]),
    ("at_least = \"99.5 %\"", "at_least = nan # HERE", &["`success` is NaN"]),
    ("measure = \"p99\"", "measure = \"p99\"\nduring = \"flod\" # HERE", &["there is no phase `flod`", "did you mean `flood`?"]),
    ("measure = \"p99\"", "measure = \"recovery\" # HERE", &["from the start of a phase", "add `during`"]),
    ("class = 0\nclient", "class = 5 # HERE\nclient", &["no client is of class 5", "0, 3, 7"]),
    ("class = 0\nclient", "class = 9 # HERE\nclient", &["there is no class 9"]),
    ("client = \"shoppers\"", "client = \"shopers\" # HERE", &["there is no client `shopers`", "did you mean `shoppers`?"]),
    ("capacity = \"1600/s\"", "capacity = \"1600/s\"\nno_collapse = \"why\" # HERE", &["and why it does not", "keep `collapse` or `no_collapse`"]),
    // Recordings.
    ("[[phase]]\nname = \"calm\"\nfor = \"5s\"\nload = 0.5", "[trace]\nfile = \"a.csv\"\n[[phase]]\nname = \"calm\"\nfor = \"5s\"\nload = 0.5 # HERE", &["says how much comes, and so does the recording", "remove `load`", "from the recording and from clients"]),
    ("[stack]", "[trace]\nfile = \"a.xls\" # HERE\n\n[stack]", &["`a.xls` is no recording", "`.csv`, `.jsonl` or `.log`"]),
    ("[stack]", "[trace]\nfile = \"a.csv\"\nspeed = 0 # HERE\n\n[stack]", &["the speed is 0"]),
];

fn line_of(text: &str, marked: &str) -> Option<usize> {
    text.lines()
        .position(|line| line.contains(marked))
        .map(|n| n + 1)
}

fn refused(text: &str) -> ScenarioError {
    match Scenario::parse(text, "bad.toml") {
        Ok(_) => panic!("should have been refused:\n{text}"),
        Err(error) => error,
    }
}

#[test]
fn the_good_file_is_good() {
    let good = Scenario::parse(GOOD, "folder/good.toml").unwrap();
    assert_eq!(good.name, "good");
    assert_eq!(good.phases.len(), 3);
    good.validate().unwrap();
}

#[test]
fn each_mistake_is_named_with_its_line_and_what_would_do() {
    let mut wrong = Vec::new();
    for (from, to, words) in ROWS {
        assert!(GOOD.contains(from), "{from} is not in the good file");
        let text = GOOD.replacen(from, to, 1);
        let error = refused(&text);
        let told = error.to_string();
        for word in *words {
            if !told.contains(word) {
                wrong.push(format!("{from} -> {to}: no {word:?} in\n{told}"));
            }
        }
        let marked = if to.contains("# HERE") { "# HERE" } else { to };
        // What is taken away has no line; the next test has these.
        if !to.is_empty() {
            let line = line_of(&text, marked).unwrap();
            let start = format!("bad.toml:{line}: ");
            if !told.lines().any(|line| line.starts_with(&start)) {
                wrong.push(format!("{from} -> {to}: not line {line} in\n{told}"));
            }
        }
        assert!(!error.problem().is_empty() && !error.fix().is_empty());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_key_has_the_line_of_the_table_that_lacks_it() {
    for (from, to, line) in [
        ("slow = 3.0", "", "[[tier.change]]"),
        ("load = { flood = 0.5 }", "", "name = \"batch\""),
        ("at_most = \"150ms\"", "", "measure = \"p99\""),
        ("workers = 64", "", "name = \"store\""),
    ] {
        let text = GOOD.replacen(from, to, 1);
        let error = refused(&text);
        // Tables are named by their header, which is the line before their name.
        let near = line_of(&text, line).unwrap();
        let header = if line.starts_with('[') {
            near
        } else {
            near - 1
        };
        assert_eq!(error.line(), Some(header), "{error}");
    }
}

#[test]
fn a_file_without_the_necessary_is_refused_for_each_of_them() {
    let error = refused("");
    let told = error.to_string();
    assert_eq!(error.line(), Some(1));
    assert_eq!(told.lines().count(), 3, "{told}");
    for word in ["[[phase]]", "[[client]]", "[[tier]]"] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_recording_with_a_tier_is_enough() {
    let text = r#"
        trace = { file = "monday.csv", speed = 2.0 }
        [[tier]]
        name = "service"
        workers = 16
        service = { constant = "10ms" }
    "#;
    let scenario = Scenario::parse(text, "monday.toml").unwrap();
    assert_eq!(scenario.trace.unwrap().speed, 2.0);
}

#[test]
fn all_faults_are_told_in_the_order_of_the_file() {
    let text = GOOD
        .replacen("limit = 16", "limit = 0", 1)
        .replacen("load = 0.5", "load = -1", 1)
        .replacen("class = 7", "class = 70", 1);
    let told = refused(&text).to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    for (line, word) in lines.iter().zip(["negative", "class 70", "limit of 0"]) {
        assert!(line.contains(word), "{line}");
    }
}

#[test]
fn a_scenario_made_in_code_is_told_the_key() {
    let second = Duration::from_secs(1);
    let scenario = Scenario::new("mine")
        .phase(Phase::new("all", second).rate(100.0))
        .client(Client::new("a").share(0.5))
        .client(Client::new("b").share(0.25));
    let error = scenario.validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "mine: client[1].share: the shares of all clients add up to 0.75: \
         change them so that they add up to 1"
    );
    assert_eq!((error.file(), error.line()), ("mine", None));
}

#[test]
fn a_service_of_ones_own_needs_no_tier_and_a_load_needs_its_capacity() {
    let second = Duration::from_secs(1);
    let all = || Scenario::new("mine").client(Client::new("all").share(1.0));
    let loaded = all().phase(Phase::new("all", second).load(1.0));
    let error = loaded.validate().unwrap_err();
    assert!(error.to_string().contains("phase[0].load"), "{error}");
    loaded.capacity(100.0).validate().unwrap();
    all()
        .phase(Phase::new("all", second).rate(1.0))
        .validate()
        .unwrap();
}

#[test]
fn what_only_code_can_say_is_refused_and_does_not_panic() {
    let for_ever = Scenario::new("for ever")
        .phase(Phase::new("a", Duration::MAX).rate(f64::NAN))
        .phase(Phase::new("b", Duration::MAX).load(f64::INFINITY))
        .client(Client::new("a").load(f64::NAN).share(f64::NAN))
        .tier(Tier::new("t", 0, Times::constant(Duration::MAX)))
        .stack(Stack::default());
    let told = for_ever.validate().unwrap_err().to_string();
    for word in [
        "30 days",
        "the rate is NaN",
        "the load is inf",
        "no workers",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn a_long_chain_of_tiers_is_no_circle() {
    let mut text = GOOD.to_owned();
    for n in 0..2_000 {
        let next = n + 1;
        text += &format!(
            "[[tier]]\nname = \"t{n}\"\nworkers = 1\nservice = {{ constant = \"1ms\" }}\n\
             calls = [{{ tier = \"t{next}\" }}]\n"
        );
    }
    text += "[[tier]]\nname = \"t2000\"\nworkers = 1\nservice = { constant = \"1ms\" }\n";
    Scenario::parse(&text, "chain.toml").unwrap();
}

#[test]
fn what_is_written_is_read_again() {
    let mut good = Scenario::parse(GOOD, "good.toml").unwrap();
    let text = toml::to_string(&good).unwrap();
    assert_eq!(
        Scenario::parse(&text, "again.toml").unwrap(),
        good,
        "{text}"
    );
    good.name.clear();
    let text = toml::to_string(&good).unwrap();
    assert_eq!(Scenario::parse(&text, "again.toml").unwrap().name, "again");
}

#[test]
fn shares_and_times_are_read_with_their_units() {
    let good = Scenario::parse(GOOD, "good.toml").unwrap();
    let bounds: Vec<Option<Bound>> = good.expect.iter().map(|e: &Expect| e.at_least).collect();
    assert_eq!(bounds, [Some(Bound::Number(0.995)), None]);
    assert_eq!(good.expect[1].at_most, Some(Bound::Seconds(0.15)));
}

/// A folder of its own, gone at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let all = std::env::temp_dir();
        let path = all.join(format!("floodwall-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_recording_of_a_file_is_looked_for_beside_it() {
    let folder = Folder::new("beside");
    let path = folder.0.join("monday.toml");
    let text = "trace = { file = 'monday.csv' }\n\
                tier = [{ name = 't', workers = 1, service = { constant = '1ms' } }]\n";
    std::fs::write(&path, text).unwrap();
    let scenario = Scenario::load(&path).unwrap();
    assert_eq!(scenario.name, "monday");
    assert_eq!(scenario.trace.unwrap().file, folder.0.join("monday.csv"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new("gone");
    let path = folder.0.join("gone.toml");
    let error = Scenario::load(&path).unwrap_err();
    assert_eq!((error.file(), error.line()), (path.to_str().unwrap(), None));
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = Scenario::parse(&text, "any.toml");
    }

    #[test]
    fn no_edit_of_a_good_file_panics(at in 0..GOOD.len(), gone in 0..40_usize, new in "[a-z0-9=\\[\\]{}\". \n-]{0,12}") {
        let end = (at + gone).min(GOOD.len());
        // The good file is ASCII, so that every byte is a boundary.
        let text = format!("{}{new}{}", &GOOD[..at], &GOOD[end..]);
        if let Err(error) = Scenario::parse(&text, "any.toml") {
            prop_assert!(error.line().is_some(), "{}", error);
            prop_assert!(!error.problem().is_empty() && !error.fix().is_empty(), "{}", error);
        }
    }
}
