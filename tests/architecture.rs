//! Holds the plan of the house: who may name whom, where SQL lives, who writes which table.

#![expect(clippy::expect_used, reason = "a test that cannot read the sources has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each room, and the rooms that it may name besides itself.
const MAY_NAME: [(&str, &str); 15] = [
    ("values", ""),
    ("clock", "values"),
    ("tasks", ""),
    ("telemetry", ""),
    ("config", "values"),
    // Pure: whoever checks an export has no database, and no log.
    ("audit", "values"),
    // The log's writer is a task, and stamps facts by the clock.
    ("events", "values clock tasks"),
    // Connections are tasks, and the pace of a relay goes by the clock.
    ("mail", "values clock tasks"),
    ("database", "values tasks"),
    ("notices", "values"),
    // Never a projection: what a command decides upon comes from streams.
    ("commands", "values events clock"),
    ("projections", "values events audit clock tasks"),
    ("reactors", "values events commands projections database mail notices clock tasks telemetry"),
    // Never an event: the log can change its shape without the API noticing.
    ("http", "values commands projections database mail notices audit clock tasks telemetry"),
    // The only room where all are joined.
    (
        "cli",
        "values events commands projections database mail notices audit clock tasks telemetry config reactors http",
    ),
];

const MAY_HOLD_SQL: [&str; 3] = ["src/events/store/", "src/projections/", "src/database/"];

const SIGNS_OF_SQL: [&str; 8] = [
    "sqlx::query",
    "sqlx::raw_sql",
    "query!(",
    "query_as!(",
    "query_scalar!(",
    "query_file",
    "QueryBuilder",
    "copy_in_raw",
];

const WAYS_TO_WRITE: [&str; 6] =
    ["insert into ", "update ", "delete from ", "truncate ", "merge into ", "copy "];

const LONGEST_FILE: usize = 400;

/// A file of the project: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The text without comments, which may speak of anything.
    fn code(&self) -> String {
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        self.text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
    }

    /// `src/http/tenants/create.rs` is in the room `http`, and `src/clock.rs` is `clock`.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or_default();
        inside.split(['/', '.']).next().unwrap_or_default()
    }

    /// The file or folder in its room: `src/events/store` for all that is in it.
    fn module(&self) -> String {
        let path = self.path.trim_end_matches(".rs").trim_end_matches(".sql");
        path.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder can be listed").path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, found);
        } else if matches!(extension, Some("rs" | "sql")) {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let inside = path.strip_prefix(root).expect("a source is in the project");
            let text = fs::read_to_string(&path).expect("a source is text");
            found.push(Source { path: inside.display().to_string(), text });
        }
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}

fn all_hold(broken: &BTreeSet<String>) {
    let sentences: Vec<_> = broken.iter().map(String::as_str).collect();
    assert!(broken.is_empty(), "{} broken:\n{}\n", broken.len(), sentences.join("\n"));
}

/// What follows each `word` that is not the end of a longer one.
fn after<'a>(code: &'a str, word: &str) -> Vec<&'a str> {
    let is_whole = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let found = code.match_indices(word).filter(|(at, _)| is_whole(*at));
    found.map(|(at, word)| &code[at + word.len()..]).collect()
}

fn first_name(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The first names in `a::b`, or in each part of `{a, b::{c, d}}`.
fn first_names(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![first_name(path)] };
    let mut names = vec![first_name(group)];
    let mut depth = 1;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(first_name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn a_room_names_only_the_rooms_below_it() {
    let rooms: BTreeMap<_, Vec<_>> =
        MAY_NAME.into_iter().map(|(room, may)| (room, may.split_whitespace().collect())).collect();
    let mut broken = BTreeSet::new();
    for source in sources("src").iter().filter(|source| source.is_rust()) {
        let (path, room, code) = (&source.path, source.room(), source.code());
        if matches!(room, "lib" | "main") {
            continue;
        }
        let Some(may_name) = rooms.get(room) else {
            broken.insert(format!("{path} is in the room {room:?}, which is not in the table"));
            continue;
        };
        let mut named: BTreeSet<_> =
            after(&code, "crate::").into_iter().flat_map(first_names).collect();
        // In the file at a room's door, `super` is the whole house.
        if path.matches('/').count() == 1 || source.module().ends_with("/mod") {
            named.extend(after(&code, "super::").into_iter().flat_map(first_names));
        }
        named.retain(|name| *name != room && rooms.contains_key(name) && !may_name.contains(name));
        let sentence =
            |name| format!("{path} names crate::{name}, but {room:?} may name only {may_name:?}");
        broken.extend(named.into_iter().map(sentence));
    }
    all_hold(&broken);
}

#[test]
fn sql_is_where_the_tables_are() {
    let mut broken = BTreeSet::new();
    for source in sources("src") {
        let code = source.code();
        let holds_sql = !source.is_rust() || SIGNS_OF_SQL.iter().any(|sign| code.contains(sign));
        if holds_sql && !MAY_HOLD_SQL.iter().any(|folder| source.path.starts_with(folder)) {
            let path = source.path;
            broken.insert(format!(
                "{path} holds SQL: move the query to the module that owns the table"
            ));
        }
    }
    all_hold(&broken);
}

#[test]
fn each_table_is_written_by_one_module() {
    let migrations = sources("migrations");
    let tables = migrations.iter().flat_map(|source| after(&source.text, "create table "));
    let mut writers: BTreeMap<_, BTreeSet<_>> =
        tables.map(|rest| (first_name(rest), BTreeSet::new())).collect();
    let code: Vec<_> =
        sources("src").iter().map(|source| (source.module(), source.code())).collect();
    for (module, code) in &code {
        let flat = code.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        for table in WAYS_TO_WRITE.iter().flat_map(|way| after(&flat, way)).map(first_name) {
            if let Some(writers) = writers.get_mut(table) {
                writers.insert(module);
            }
        }
    }
    writers.retain(|_, writers| writers.len() != 1);
    let sentence = |(table, writers)| format!("{table:?} needs one writer, and has {writers:?}");
    all_hold(&writers.into_iter().map(sentence).collect());
}

#[test]
fn a_file_is_short_and_says_why_it_exists() {
    let mut broken = BTreeSet::new();
    for source in sources("src").into_iter().chain(sources("tests")).filter(Source::is_rust) {
        let Source { path, text } = source;
        if !text.starts_with("//! ") {
            broken.insert(format!("{path} does not begin with a `//!` sentence"));
        }
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            broken.insert(format!("{path} has {lines} lines: two files would be easier to read"));
        }
    }
    all_hold(&broken);
}

#[test]
fn nothing_goes_round_the_rooms() {
    let mut broken = BTreeSet::new();
    for source in sources("src").iter().filter(|source| source.is_rust()) {
        let (path, code) = (&source.path, source.code());
        if !after(&code, "super::super").is_empty() {
            broken.insert(format!("{path} says super::super: name the room from `crate`"));
        }
        if code.contains("pub use crate::") {
            broken.insert(format!("{path} has a `pub use crate::`: a back door into another room"));
        }
    }
    all_hold(&broken);
}
