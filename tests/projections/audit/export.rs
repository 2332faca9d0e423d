//! An export holds, is the same for ever, and of nothing else.

use std::time::Duration;

use selfmx::audit::Hash;
use selfmx::audit::inspection::Flaw;
use selfmx::projections::audit::export::Asked;
use sqlx::PgPool;

use super::log::Log;

#[sqlx::test(migrations = "./migrations")]
async fn an_export_is_the_same_for_ever(db: PgPool) {
    let log = Log::begin(&db).await;
    log.send(10).await;
    let since = log.clock.now();
    let middle = since.plus(Duration::from_secs(60));
    let whole = Asked { until: Some(middle), ..log.asked() };
    let first = log.export(whole).await;
    assert_eq!(log.inspect(&first, None).unwrap().header.facts, 11);

    log.clock.advance(Duration::from_secs(60));
    log.send(300).await;
    assert_eq!(log.export(whole).await, first, "although the log has grown");
    let later = Asked { since: Some(middle), size: Some(622), ..log.asked() };
    let header = log.inspect(&log.export(later).await, None).unwrap().header;
    assert_eq!((header.facts, header.size), (300, 622));

    let never = Asked { since: Some(since), until: Some(since), ..log.asked() };
    let none = log.inspect(&log.export(never).await, None).unwrap().header;
    assert_eq!((none.facts, none.first, none.size), (0, None, 0));
    let after = Asked { since: Some(middle), until: Some(middle), ..log.asked() };
    let none = log.inspect(&log.export(after).await, None).unwrap().header;
    assert_eq!((none.facts, none.first), (0, None));
    assert_eq!(none.previous_link, last_link(&first), "the chain stands where it stood");
    log.node.stop().await;
}

fn last_link(export: &str) -> Hash {
    text_at(export.lines().last().unwrap(), "last_link").parse().unwrap()
}

fn text_at(line: &str, name: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line[name].as_str().unwrap().to_owned()
}

/// A line with another letter in the midst of what is sealed.
fn other_seal(line: &str) -> String {
    let at = line.find("\"v1.").unwrap() + 30;
    let letter = if line[at..].starts_with('A') { "B" } else { "A" };
    [&line[..at], letter, &line[at + 1..]].concat()
}

/// An export with its lines changed.
fn edited(export: &str, edit: impl FnOnce(&mut Vec<String>)) -> String {
    let mut lines: Vec<String> = export.lines().map(ToOwned::to_owned).collect();
    edit(&mut lines);
    lines.join("\n") + "\n"
}

#[sqlx::test(migrations = "./migrations")]
async fn an_export_of_which_anything_was_changed_does_not_hold(db: PgPool) {
    let log = Log::begin(&db).await;
    log.send(12).await;
    let export = log.export(log.asked()).await;
    let other = log.export(Asked { tenant: log.tenants[1], ..log.asked() }).await;
    let theirs: Vec<&str> = other.lines().collect();
    let position_of = |line: &str| -> i64 {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["position"].as_i64().unwrap()
    };
    let position = |line: usize| position_of(export.lines().nth(line).unwrap());
    let says = |edit: &dyn Fn(&mut Vec<String>)| {
        log.inspect(&edited(&export, |lines| edit(lines)), None).unwrap_err()
    };
    let replaced = |line: usize, from: &'static str, to: &'static str| {
        says(&|lines| {
            assert!(lines[line].contains(from), "{}", lines[line]);
            lines[line] = lines[line].replace(from, to);
        })
    };
    assert_eq!(replaced(5, "normal", "high"), Flaw::NotInTree(position(5)));
    assert_eq!(says(&|lines| lines[5] = other_seal(&lines[5])), Flaw::NotInTree(position(5)));
    assert_eq!(replaced(5, "10:30:00", "10:30:01"), Flaw::NotInTree(position(5)));
    assert_eq!(replaced(5, "\"position\":", "\"position\":1"), {
        Flaw::NotInTree(format!("1{}", position(5)).parse().unwrap())
    });
    assert_eq!(says(&|lines| drop(lines.remove(4))), Flaw::BrokenChain(position(5)));
    assert_eq!(says(&|lines| lines.swap(4, 5)), Flaw::BrokenChain(position(5)));
    assert_eq!(says(&|lines| lines.insert(5, lines[4].clone())), Flaw::OutOfOrder(position(4)));
    assert_eq!(says(&|lines| drop(lines.remove(13))), Flaw::Incomplete);
    assert_eq!(says(&|lines| drop(lines.remove(1))), Flaw::BrokenChain(position(2)));
    assert_eq!(says(&|lines| drop(lines.pop())), Flaw::Unfinished);
    assert_eq!(says(&|lines| lines.insert(3, lines[0].clone())), Flaw::Misplaced);
    assert_eq!(says(&|lines| drop(lines.remove(0))), Flaw::Misplaced);
    assert_eq!(says(&|lines| lines[3].truncate(40)), Flaw::Torn);
    assert!(matches!(replaced(3, "\"fact\"", "\"act\""), Flaw::Unknown(_)));
    assert!(matches!(replaced(3, "\"schema\":", "\"shema\":"), Flaw::Unknown(_)));
    assert!(matches!(replaced(0, "\"version\":1", "\"version\":2"), Flaw::Header(_)));
    // Whose mail comes first is left to chance: the first of theirs that could stand there.
    let foreign = theirs[1..].iter().find(|line| position_of(line) > position(2)).unwrap();
    assert!(matches!(says(&|lines| lines[3] = (*foreign).to_owned()), Flaw::NotInTree(_)));
    let end = 14;
    assert!(matches!(says(&|lines| lines[end] = theirs[end].to_owned()), Flaw::Incomplete));
    // Whoever shortens an export and makes all numbers fit has not what vouches for it.
    let shorter = says(&|lines| {
        let link = text_at(&lines[12], "link");
        lines.remove(13);
        lines[0] = lines[0]
            .replace(&format!("\"last\":{}", position(13)), &format!("\"last\":{}", position(12)))
            .replace("\"facts\":13", "\"facts\":12");
        lines[13] = lines[13].replacen(&last_link(&export).to_string(), &link, 1);
    });
    assert_eq!(shorter, Flaw::OtherStatement);
    assert!(matches!(
        replaced(0, "\"since\":null", "\"since\":\"2024-01-01T00:00:00Z\""),
        Flaw::OtherStatement
    ));
    log.node.stop().await;
}
