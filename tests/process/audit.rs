//! An auditor's way from the running service to a file that is checked on another machine.

use std::fs;

use serde_json::Value;

use crate::rig::{Ended, Home, Setup, until};

fn count(text: &str) -> u64 {
    u64::try_from(text.lines().count()).unwrap()
}

/// With another letter in the midst of the first thing that is sealed, and the line in which it stands.
fn with_another_seal(file: &str) -> (String, u64) {
    let at = file.find("\"v1.").unwrap() + 30;
    let letter = if file[at..].starts_with('A') { "B" } else { "A" };
    ([&file[..at], letter, &file[at + 1..]].concat(), count(&file[..at]))
}

/// An export in the home of a service, and whoever checks it.
struct File<'a> {
    setup: &'a Setup,
    home: &'a Home,
    key: &'a str,
}

impl File<'_> {
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn checked(&self, text: &str, more: &[&str]) -> (Ended, Value) {
        let file = self.write("checked.ndjson", text);
        let arguments = [&["verify-export", &file, "--key", self.key, "--json"], more].concat();
        let ended = self.setup.run(&arguments).await;
        let told = serde_json::from_str(&ended.out).unwrap_or(Value::Null);
        (ended, told)
    }

    /// It is refused, and this is why and where.
    async fn refused(&self, text: &str, reason: &str, line: u64) {
        let (ended, told) = self.checked(text, &[]).await;
        assert_ne!(ended.code, Some(0), "{told}");
        assert_eq!((&told["ok"], &told["reason"]), (&false.into(), &reason.into()), "{told}");
        assert_eq!(told["line"], line, "{told}");
        assert!(ended.sentence().contains(reason), "{}", ended.err);
    }
}

#[tokio::test]
async fn an_export_is_checked_offline_and_whatever_was_done_to_it_is_named() {
    let home = Home::new();
    let setup = Setup::new(&home);
    let service = setup.serve().await;
    let acme = service.tenant("acme.com").await;
    let older = service.admin().get("/v1/audit/checkpoint").await.expect(200).text;
    for subject in ["One", "Two", "Three"] {
        let id = acme.sends(subject).await;
        acme.until_it_is("delivered", &id).await;
    }
    let size = older.lines().nth(1).unwrap();
    let over =
        format!("/v1/tenants/{}/export?until=2100-01-01T00:00:00Z&from_size={size}", acme.id);
    let export = ["audit", "export", "--tenant", &acme.id, "--until", "2100-01-01T00:00:00Z"];
    let export = [&export[..], &["--from-size", size]].concat();
    let mut file = String::new();
    until("the counted requests have become facts, and both ways give the same file", async || {
        file = service.admin().get(&over).await.expect(200).text;
        setup.run(&export).await.well().out == file
    })
    .await;
    let key = setup.run(&["audit", "key"]).await.well().out;
    service.stop().await.well();

    // No service and no database from here on.
    let offline = File { setup: &setup, home: &home, key: key.trim() };
    let kept = offline.write("older.txt", &older);
    let (ended, told) = offline.checked(&file, &["--checkpoint", &kept]).await;
    ended.well();
    assert_eq!(told["facts"], file.lines().count() - 2, "{told}");
    assert_eq!(told["continues"].to_string(), size, "{told}");
    assert_eq!(told["key_trusted"], true, "{told}");

    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().concat();
    let last = lines.len();
    let end = u64::try_from(last).unwrap();
    let half = &file[..file.len() / 2];
    let before = count(file.split("normal").next().unwrap());
    offline.refused(&file.replacen("normal", "high", 1), "changed_fact", before).await;
    let (other_seal, before) = with_another_seal(&file);
    offline.refused(&other_seal, "changed_fact", before).await;
    offline.refused(&without(3), "broken_chain", 4).await;
    offline.refused(&without(last - 1), "missing_end", end - 1).await;
    offline.refused(&file[..file.len() - 1], "torn_line", end).await;
    offline.refused(half, "torn_line", count(half)).await;
    offline.refused(&format!("{file}{}", lines[1]), "misplaced_line", end + 1).await;
    offline.refused("", "missing_end", 0).await;
    offline.refused("{}\n", "unknown_line", 1).await;

    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    File { key: stranger, setup: &setup, home: &home }.refused(&file, "other_key", 1).await;
    let whole = offline.write("whole.ndjson", &file);
    let untrusted = setup.run(&["verify-export", &whole]).await.well().out;
    assert!(untrusted.contains("anybody can have signed it"), "{untrusted}");
}

#[tokio::test]
async fn an_auditor_is_served_while_no_service_runs() {
    let home = Home::new();
    let setup = Setup::new(&home);
    let service = setup.serve().await;
    let acme = service.tenant("acme.com").await;
    let key = service.admin().get("/v1/audit/key").await.expect(200).text_at("/verifier_key");
    // What it has not seen yet is hashed by the command itself.
    service.stop().await.well();
    let checkpoint = setup.run(&["audit", "checkpoint"]).await.well().out;
    assert!(checkpoint.starts_with(key.split('+').next().unwrap()), "{checkpoint}");
    let file = setup.run(&["audit", "export", "--tenant", &acme.id]).await.well().out;
    let offline = File { setup: &setup, home: &home, key: &key };
    offline.checked(&file, &[]).await.0.well();

    let nobody = "tenant_01hm6v6z4pex5vsknk084sn02q";
    let unknown = setup.run(&["audit", "export", "--tenant", nobody]).await;
    assert!(unknown.sentence().contains("no such tenant"), "{}", unknown.err);
    let wrong = setup.clone().set("SECRET_KEY", "another secret of 32 characters, or more");
    let refused = wrong.run(&["audit", "checkpoint"]).await;
    assert!(
        refused.sentence().contains("SECRET_KEY does not open this installation"),
        "{}",
        refused.err
    );
}
