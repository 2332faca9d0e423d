//! How deep a template goes, told before it is parsed: the parser goes as deep as its text, and would leave the stack.
//!
//! Tags are read as the grammar of `handlebars` has them. Where that could be read in two ways, which nobody
//! needs in a mail, the text is refused.

use super::fault::SyntaxFault;

/// Blocks within blocks, with each `else` as one more.
const DEEPEST: usize = 20;

/// Parentheses within parentheses.
const DEEPEST_PARENTHESES: usize = 5;

/// Tags in one part, comments and escaped ones too: for each of them the parser counts the lines before it.
const MOST_TAGS: usize = 2_000;

/// A block that was begun: where, and how many branches it has.
struct Block {
    at: usize,
    branches: usize,
}

/// Refuses what is nested too deeply; says where the last tag or block begins that does not end.
pub(super) fn check(text: &str) -> Result<Option<(usize, usize)>, SyntaxFault> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut from, mut tags, mut comments) = (0, 0, Comments::default());
    while let Some(at) = text[from..].find("{{").map(|found| from + found) {
        tags += 1;
        if tags > MOST_TAGS {
            let what = format!("too many tags: at most {MOST_TAGS}, with comments");
            return Err(SyntaxFault::at(position(text, at), what));
        }
        if is_escaped(&text[from..at]) {
            from = at + 2;
            continue;
        }
        let inside = &text[at + 2..];
        if let Some(comment) = inside.strip_prefix('!') {
            from = text.len() - comments.after(comment).len();
            continue;
        }
        let fault = |what: &str| SyntaxFault::at(position(text, at), what);
        let inside = inside.strip_prefix('~').unwrap_or(inside);
        if inside.starts_with('#') {
            blocks.push(Block { at, branches: 1 });
        } else if inside.starts_with('/') {
            blocks.pop();
        } else if let Some(block) = blocks.last_mut().filter(|_| is_else(inside)) {
            block.branches += 1;
        }
        if blocks.iter().map(|block| block.branches).sum::<usize>() > DEEPEST {
            return Err(fault(&format!("too many blocks within blocks: at most {DEEPEST}")));
        }
        let length = tag(inside).map_err(fault)?;
        if !inside[..length].ends_with("}}") {
            return Ok(Some(position(text, at)));
        }
        from = text.len() - inside.len() + length;
    }
    Ok(blocks.last().map(|block| position(text, block.at)))
}

/// The line and the column of a byte, both from one.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// One backslash makes a text of a tag; several are a text of their own before a tag.
fn is_escaped(before: &str) -> bool {
    before.ends_with('\\') && !before.ends_with("\\\\")
}

/// How comments end.
#[derive(Default)]
struct Comments {
    /// No long one ends in the rest of the text: to look again for each would read the rest for each.
    none_ends_long: bool,
}

impl Comments {
    /// What follows a comment.
    fn after<'text>(&mut self, comment: &'text str) -> &'text str {
        let long = comment.strip_prefix("--").filter(|_| !self.none_ends_long);
        let end = long.and_then(|rest| rest.split_once("--}}"));
        self.none_ends_long |= long.is_some() && end.is_none();
        end.or_else(|| comment.split_once("}}")).map_or("", |(_, rest)| rest)
    }
}

fn is_else(inside: &str) -> bool {
    let inside = inside.trim_start();
    inside.starts_with("else") || inside.starts_with('^')
}

/// The length of a tag after its first braces, up to and including its last ones.
fn tag(inside: &str) -> Result<usize, &'static str> {
    let mut parentheses = 0;
    let mut characters = inside.char_indices();
    if inside.starts_with('{') {
        characters.next();
    }
    while let Some((at, character)) = characters.next() {
        match character {
            '"' | '\'' => past_quoted(&mut characters, character),
            '[' => past_bracketed(&mut characters)?,
            '(' => parentheses += 1,
            ')' => parentheses -= 1,
            '{' => return Err("a tag holds no further braces"),
            '}' if inside[at..].starts_with("}}") => return Ok(at + 2),
            _ => {}
        }
        if parentheses > i64::try_from(DEEPEST_PARENTHESES).unwrap_or(i64::MAX) {
            return Err("too many parentheses within parentheses: at most 5");
        }
    }
    Ok(inside.len())
}

fn past_quoted(characters: &mut std::str::CharIndices<'_>, quote: char) {
    while let Some((_, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return;
        }
    }
}

/// Brackets hold a name or a list; quotes or brackets in them could be read as either.
fn past_bracketed(characters: &mut std::str::CharIndices<'_>) -> Result<(), &'static str> {
    for (_, character) in characters {
        match character {
            ']' => return Ok(()),
            '[' | '{' | '}' | '"' | '\'' => {
                return Err("brackets in a tag hold a plain name");
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_needs_is_flat_enough() {
        for text in [
            "",
            "plain } and { and ( and [",
            "@media print{.a{color:red}}",
            "{{#if (and (eq a 'b}}') (not c))}}{{{d}}}{{else if e}}{{f.[g h]}}{{else}}{{/if}}",
            "{{!-- it's {{#if}} a \"comment --}} {{! and [ another }}",
            "\\{{#if}} is text, \\\\{{a}} is not",
        ] {
            assert_eq!(check(text), Ok(None), "{text}");
        }
        assert_eq!(check(&"{{#if a}}{{/if}}".repeat(1_000)), Ok(None));
        assert_eq!(check("a\n {{#if a}}"), Ok(Some((2, 2))));
    }

    #[test]
    fn so_many_tags_and_no_more() {
        for tag in ["{{a}}", "{{!a}}", "{{!--a}}", "{{!--a--}}", "\\{{a}}"] {
            assert_eq!(check(&tag.repeat(MOST_TAGS)), Ok(None), "{tag}");
            let fault = check(&format!("{}\n {tag}", tag.repeat(MOST_TAGS))).unwrap_err();
            let column = 2 + tag.find('{').unwrap();
            assert_eq!((fault.line, fault.column), (2, column), "{tag}");
        }
    }

    #[test]
    fn what_would_leave_the_stack_is_refused_with_its_place() {
        let deep = format!("\n {}", "{{#if a}}".repeat(10_000));
        assert_eq!(check(&deep).unwrap_err().line, 2);
        for text in [
            "{{~#if a}}".repeat(100),
            format!("{{{{#if a}}}}{}", "{{else if b}}".repeat(100)),
            format!("{{{{#if {}", "(a ".repeat(10_000)),
            format!("{{{{a {}", "[".repeat(10_000)),
            format!("{{{{a {}", "{\"a\":".repeat(10_000)),
            "{{#if \"}}{{/x\"}}".repeat(1_000),
            "{{#if '\\'}}{{/x'}}".repeat(1_000),
            "{{#if [}}{{/x]}}".repeat(1_000),
            "{{#if a}}\\{{/if}}".repeat(1_000),
            "{{#if a}}{{!-- {{/if}} --}}".repeat(1_000),
            "{{{{#if a}}}}".repeat(1_000),
        ] {
            assert!(check(&text).is_err(), "{}", &text[..40.min(text.len())]);
        }
    }
}
