//! HTML in which links are led past us and a pixel stands: so its reading can be seen.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

use crate::values::web;

/// More links than a mail has use for are left as they are.
const MOST_LINKS: u16 = 1_000;

/// A longer address is left as it is: there are programs that would cut the longer link.
const LONGEST_URL: usize = 1_500;

/// Which address stands instead of a link's own: by its number, from zero, and that address.
pub type Led<'a> = &'a dyn Fn(u16, &str) -> String;

/// What stands where in a tracked mail.
pub struct Traces<'a> {
    /// The pixel's address, if it is wanted.
    pub pixel: Option<String>,
    /// Where its links lead instead, if that is wanted.
    pub link: Option<Led<'a>>,
}

/// The same HTML with other links, and the pixel before the end of its body.
///
/// Only tags that are changed are written anew; everything else stays byte for byte, however broken it is.
pub fn tracked(html: &str, traces: &Traces<'_>) -> String {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    // What looks like a tag inside a style or a script is none.
    emitter.naively_switch_states(true);
    let mut written = String::with_capacity(html.len() + html.len() / 8);
    let (mut copied, mut links, mut body_end) = (0, 0, None);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let Some(new) = traces.link.and_then(|link| led_past_us(&tag, links, link)) else {
                    continue;
                };
                let (start, end) = (tag.span.start, tag.span.end);
                written.push_str(html.get(copied..start).unwrap_or_default());
                written.push_str(&new);
                (copied, links) = (end, links + 1);
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"body" => {
                let before = html.get(copied..tag.span.start).unwrap_or_default();
                body_end = Some(written.len() + before.len());
            }
            Token::EndTag(_)
            | Token::String(_)
            | Token::Comment(_)
            | Token::Doctype(_)
            | Token::Error(_) => {}
        }
    }
    written.push_str(html.get(copied..).unwrap_or_default());
    if let Some(pixel) = &traces.pixel {
        let image = format!(r#"<img src="{pixel}" width="1" height="1" border="0" alt="">"#);
        written.insert_str(body_end.unwrap_or(written.len()), &image);
    }
    written
}

/// The tag with another address; none if it is no link into the web.
fn led_past_us(tag: &StartTag<usize>, links: u16, link: Led<'_>) -> Option<String> {
    if ![b"a".as_slice(), b"area"].contains(&tag.name.as_slice()) || links >= MOST_LINKS {
        return None;
    }
    let href = tag.attributes.iter().find(|(name, _)| name.as_slice() == b"href")?.1;
    let url = web(std::str::from_utf8(href.as_slice()).ok()?)?;
    if url.as_str().len() > LONGEST_URL {
        return None;
    }
    let name = String::from_utf8_lossy(tag.name.as_slice());
    let mut text = format!("<{name}");
    for (name, value) in &tag.attributes {
        let name = String::from_utf8_lossy(name.as_slice());
        let value = if name == "href" {
            link(links, url.as_str())
        } else {
            String::from_utf8_lossy(value.as_slice()).into_owned()
        };
        let value = value.replace('&', "&amp;").replace('"', "&quot;");
        text.extend([" ", &*name, "=\"", &value, "\""]);
    }
    text.push_str(if tag.self_closing { " />" } else { ">" });
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(html: &str) -> String {
        let link = |number: u16, url: &str| format!("L{number}({url})");
        tracked(html, &Traces { pixel: None, link: Some(&link) })
    }

    #[test]
    fn links_into_the_web_are_led_past_us_and_nothing_else_changes() {
        for (html, expected) in [
            (
                "<p>Grüße</p><A class=x HREF='https://a.example/?a=1&amp;b=2'>ä</a>",
                r#"<p>Grüße</p><a class="x" href="L0(https://a.example/?a=1&amp;b=2)">ä</a>"#,
            ),
            (
                "<a href=http://a.example>1</a><a href=http://b.example/x>2</a>",
                r#"<a href="L0(http://a.example/)">1</a><a href="L1(http://b.example/x)">2</a>"#,
            ),
        ] {
            assert_eq!(changed(html), expected);
        }
        for same in [
            r#"<a href="mailto:a@b.example">"#,
            r##"<a href="#top">"##,
            r#"<a href="/relative">"#,
            r#"<a href="javascript:alert(1)">"#,
            r#"<a name="x">"#,
            r#"<link href="https://a.example/style.css">"#,
            r#"<!-- <a href="https://a.example"> -->"#,
            r#"<style>a::after { content: '<a href="https://a.example">' }</style>"#,
            r#"<a href="https://a.example"#,
            "<p>plain & <b>bold",
            "",
        ] {
            assert_eq!(changed(same), same);
        }
    }

    #[test]
    fn a_quote_in_an_attribute_does_not_end_it() {
        let html = r#"<a title='say "hi" &amp; go' href="https://a.example/">"#;
        let expected = r#"<a href="L0(https://a.example/)" title="say &quot;hi&quot; &amp; go">"#;
        assert_eq!(changed(html), expected);
    }

    #[test]
    fn the_pixel_stands_before_the_end_of_the_body_or_at_the_end() {
        let pixel = |html: &str| {
            tracked(html, &Traces { pixel: Some("https://x.example/p".to_owned()), link: None })
        };
        let image = r#"<img src="https://x.example/p" width="1" height="1" border="0" alt="">"#;
        assert_eq!(pixel("<p>ä"), format!("<p>ä{image}"));
        let whole = "<html><body>ä</body></html>";
        assert_eq!(pixel(whole), format!("<html><body>ä{image}</body></html>"));
    }
}
