//! Fills a template, within bounds: so much text, so many steps, so long.

use std::sync::Arc;

use handlebars::{
    Context, Handlebars, RenderContext, Renderable, Template, TemplateErrorReason, html_escape,
    no_escape,
};
use serde_json::Value;

use super::check::Tags;
use super::fault::{RenderFault, SyntaxFault};
use super::nesting;
use super::tags::{NEED, STEP, UNUSED};
use super::watch::{Bounded, Missed, Need, Step, Watch};

/// One part of a template, ready to be filled.
#[derive(Clone, Debug)]
pub struct TemplateText {
    template: Template,
    escape: fn(&str) -> String,
}

/// What a template is filled with.
#[derive(Clone, Debug)]
pub struct TemplateData(Context);

/// What becomes of a variable that nobody gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blanks {
    /// It is a fault.
    Refused,
    /// It is empty.
    Allowed,
}

impl TemplateData {
    /// These data.
    pub fn new(data: &Value) -> Option<Self> {
        Context::wraps(data).ok().map(Self)
    }
}

impl TemplateText {
    /// A part that is shown as HTML: what is filled in is escaped.
    pub fn html(text: &str) -> Result<Self, SyntaxFault> {
        Self::parse(text, html_escape)
    }

    /// A part that is shown as it is.
    pub fn plain(text: &str) -> Result<Self, SyntaxFault> {
        Self::parse(text, no_escape)
    }

    fn parse(text: &str, escape: fn(&str) -> String) -> Result<Self, SyntaxFault> {
        let unclosed = nesting::check(text)?;
        let mut template = Template::compile(text).map_err(|error| {
            if let Some(place) = unclosed {
                return SyntaxFault::at(place, "this is not closed");
            }
            let what = match error.reason() {
                TemplateErrorReason::MismatchingClosedHelper(open, close) => {
                    format!("#{open} is closed by /{close}")
                }
                TemplateErrorReason::MismatchingClosedDecorator(..)
                | TemplateErrorReason::InvalidSyntax(_)
                | TemplateErrorReason::InvalidParam(_)
                | TemplateErrorReason::NestedSubexpression
                | TemplateErrorReason::IoError(..)
                | _ => "a tag is not closed, or cannot be read".to_owned(),
            };
            SyntaxFault::at(error.pos().unwrap_or((1, 1)), what)
        })?;
        let tags = Tags::new().ok_or_else(|| SyntaxFault::at((1, 1), "it cannot be checked"))?;
        tags.arm(&mut template, (1, 1))?;
        Ok(Self { template, escape })
    }

    /// Fills it.
    pub fn render(&self, data: &TemplateData, blanks: Blanks) -> Result<String, RenderFault> {
        let watch = Arc::new(Watch::begin());
        let mut out = Bounded { text: String::new(), watch: Arc::clone(&watch) };
        let mut registry = Handlebars::new();
        for name in UNUSED {
            registry.unregister_helper(name);
        }
        registry.register_escape_fn(self.escape);
        registry.register_helper(STEP, Box::new(Step(Arc::clone(&watch))));
        registry.register_helper(NEED, Box::new(Need(Arc::clone(&watch))));
        // What the library calls for a variable that is not there.
        registry.register_helper("helperMissing", Box::new(Missed(Arc::clone(&watch))));
        let done = {
            let mut context = RenderContext::new(None);
            self.template.render(&registry, &data.0, &mut context, &mut out)
        };
        let (missing, stopped) = watch.told();
        match (stopped, done) {
            (Some(fault), _) => Err(fault),
            (None, Err(_)) => Err(RenderFault::Unfit),
            (None, Ok(())) if blanks == Blanks::Refused && !missing.is_empty() => {
                Err(RenderFault::Missing(missing))
            }
            (None, Ok(())) => Ok(out.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str, data: &Value) -> Result<String, RenderFault> {
        let data = TemplateData::new(data).unwrap();
        TemplateText::html(text).unwrap().render(&data, Blanks::Refused)
    }

    fn broken(text: &str) -> (usize, usize) {
        let fault = TemplateText::plain(text).unwrap_err();
        (fault.line, fault.column)
    }

    #[test]
    fn variables_conditions_and_loops() {
        let data = json!({"name": "A & <b>", "ok": true, "n": 2, "zero": 0, "nothing": null,
                          "items": [{"t": "x"}, {"t": "y"}], "who": {"first": "Ann"}});
        for (text, expected) in [
            ("{{name}}", "A &amp; &lt;b&gt;"),
            ("{{{name}}}", "A & <b>"),
            ("{{#if ok}}yes{{else}}no{{/if}}", "yes"),
            ("{{#if (and ok (gt n 1))}}yes{{/if}}", "yes"),
            ("{{#if zero}}a{{else if (eq n 2)}}b{{else}}c{{/if}}", "b"),
            ("{{#if (or zero nothing (and ok n))}}yes{{/if}}", "yes"),
            ("{{#if zero includeZero=true}}yes{{/if}}", "yes"),
            ("{{#if (not (not (not (not (not zero)))))}}yes{{/if}}", "yes"),
            ("{{#unless absent}}none{{/unless}}", "none"),
            (
                "{{#each items}}{{@index}}{{t}}{{../n}}{{#unless @last}},{{/unless}}{{/each}}",
                "0x2,1y2",
            ),
            ("{{#each items as |item|}}{{item.t}}{{/each}}", "xy"),
            ("{{#each absent}}x{{else}}none{{/each}}", "none"),
            ("{{#with who}}{{first}}{{/with}} {{who.first}}", "Ann Ann"),
            ("{{nothing}}{{! a comment }}", ""),
            ("\\{{name}}", "{{name}}"),
        ] {
            assert_eq!(filled(text, &data).as_deref(), Ok(expected), "{text}");
        }
        let plain = TemplateText::plain("{{name}}").unwrap();
        let data = TemplateData::new(&data).unwrap();
        assert_eq!(plain.render(&data, Blanks::Refused).as_deref(), Ok("A & <b>"));
    }

    #[test]
    fn all_that_is_missing_is_named_once_or_left_blank() {
        let text = "{{b}}{{a.c}}{{{b}}}{{#each list}}x{{/each}}{{#if d}}{{e}}{{/if}}{{#with f}}{{g}}{{/with}}";
        let missing = ["a.c", "b", "f", "list"].map(ToOwned::to_owned).to_vec();
        assert_eq!(filled(text, &json!({"a": {}})), Err(RenderFault::Missing(missing)));
        let data = TemplateData::new(&json!({})).unwrap();
        let blank = TemplateText::plain("[{{a}}]").unwrap().render(&data, Blanks::Allowed);
        assert_eq!(blank.as_deref(), Ok("[]"));
    }

    #[test]
    fn what_is_broken_is_told_with_line_and_column() {
        assert_eq!(broken("Hello\n  {{#if a}}x"), (2, 3));
        assert_eq!(broken("a\n{{#if a}}{{/each}}").0, 2);
        assert_eq!(broken("a {{b"), (1, 3));
        for text in [
            "ab\nc{{> other}}",
            "ab\nc{{#> other}}{{/other}}",
            "ab\nc{{#*inline \"a\"}}{{/inline}}",
            "ab\nc{{fly a}}",
            "ab\nc{{#fly a}}{{/fly}}",
            "ab\nc{{#each (or a b)}}{{/each}}",
            "ab\nc{{#if}}{{/if}}",
            "ab\nc{{#if (fly a)}}{{/if}}",
            "ab\nc{{#if (eq a)}}{{/if}}",
            "ab\nc{{#if (eq a b c)}}{{/if}}",
            "ab\nc{{#if (eq a b c=d)}}{{/if}}",
            "ab\nc{{#if (not a b)}}{{/if}}",
            "ab\nc{{#if (or 1 2 3 4 5 6 7 8 9)}}{{/if}}",
            "ab\nc{{eq a b c=(eq a b)}}",
            "ab\nc{{#if a b=(eq a b)}}{{/if}}",
            "ab\nc{{#each a includeZero=true}}{{/each}}",
            "ab\nc{{not (not (not (not (not (not a)))))}}",
            "ab\nc{{if}}",
            "ab\nc{{lookup a b}}",
            "ab\nc{{log a}}",
            "ab\nc{{(eq a b)}}",
            "ab\nc{{{{raw}}}}{{{{/raw}}}}",
        ] {
            assert_eq!(broken(text), (2, 2), "{text}");
        }
        assert_eq!(broken("{{#each a}}\n{{#if b}}\n {{fly c}}{{/if}}{{/each}}"), (3, 2));
    }

    #[test]
    fn nothing_runs_without_end_or_says_too_much() {
        let many: Vec<u32> = (0..1_000).collect();
        let data = json!({"a": many, "long": "x".repeat(2_000)});
        let nested = "{{#each a}}{{#each ../a}}{{#each ../../a}}{{/each}}{{/each}}{{/each}}";
        assert_eq!(filled(nested, &data), Err(RenderFault::TooMuchWork));
        let long = "{{#each a}}{{../long}}{{/each}}";
        assert!(matches!(filled(long, &data), Err(RenderFault::TooLong(_))));
        assert_eq!(filled("{{#each a}}{{this}}{{/each}}", &data).unwrap().len(), 2_890);
    }

    #[test]
    fn twenty_blocks_within_each_other_are_not_too_deep() {
        let text = format!("{}x{}", "{{#if a}}".repeat(20), "{{/if}}".repeat(20));
        assert_eq!(filled(&text, &json!({"a": 1})).as_deref(), Ok("x"));
    }
}
