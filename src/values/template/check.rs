//! Checks the tags of a parsed template, and puts in between what bounds them when they are rendered.

use std::mem;

use handlebars::Template;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};

use super::fault::SyntaxFault;
use super::tags::{BLOCKS, COMPARISONS, NEED, STEP, is_helper};

/// What `and` and `or` join at most.
const MOST_JOINED: usize = 8;

/// Comparisons within comparisons.
const DEEPEST: usize = 5;

type Place = (usize, usize);

/// Our own tags, as the parser makes them.
pub(super) struct Tags {
    step: TemplateElement,
    need: TemplateElement,
}

impl Tags {
    /// None only if the parser did not know its own language.
    pub(super) fn new() -> Option<Self> {
        let tag = |text: String| Template::compile(&text).ok()?.elements.into_iter().next();
        Some(Self {
            step: tag(format!("{{{{{STEP}}}}}"))?,
            need: tag(format!("{{{{{NEED} this}}}}"))?,
        })
    }

    /// Checks all tags. Each block and each comparison counts as a step, and so does each round of a loop;
    /// what is looped over must be there.
    pub(super) fn arm(&self, template: &mut Template, place: Place) -> Result<(), SyntaxFault> {
        let places = mem::take(&mut template.mapping);
        for (n, mut element) in mem::take(&mut template.elements).into_iter().enumerate() {
            let place = places.get(n).map_or(place, |mapping| (mapping.0, mapping.1));
            let counts = self.admit(&mut element, place)?;
            template.elements.extend(self.needed_by(&element));
            template.elements.push(element);
            if counts {
                template.elements.push(self.step.clone());
            }
        }
        template.elements.push(self.step.clone());
        Ok(())
    }

    /// Says whether an element counts as a step.
    fn admit(&self, element: &mut TemplateElement, place: Place) -> Result<bool, SyntaxFault> {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(false),
            TemplateElement::Expression(tag) | TemplateElement::HtmlExpression(tag) => {
                expression(tag, place)
            }
            TemplateElement::HelperBlock(tag) => {
                block(tag, place)?;
                for inside in [&mut tag.template, &mut tag.inverse].into_iter().flatten() {
                    self.arm(inside, place)?;
                }
                Ok(true)
            }
            TemplateElement::DecoratorExpression(_)
            | TemplateElement::DecoratorBlock(_)
            | TemplateElement::PartialExpression(_)
            | TemplateElement::PartialBlock(_)
            | _ => Err(SyntaxFault::at(place, "a template includes no other and defines none")),
        }
    }

    /// A loop over what is not there would say nothing, unless it says what happens else.
    fn needed_by(&self, element: &TemplateElement) -> Option<TemplateElement> {
        let TemplateElement::HelperBlock(tag) = element else { return None };
        let is_loop = matches!(tag.name.as_name(), Some("each" | "with"));
        let (mut need, what) = (self.need.clone(), tag.params.first()?);
        if let TemplateElement::Expression(need) = &mut need {
            need.params = vec![what.clone()];
        }
        (is_loop && tag.inverse.is_none()).then_some(need)
    }
}

/// A variable, or a comparison of which the outcome is shown.
fn expression(tag: &HelperTemplate, place: Place) -> Result<bool, SyntaxFault> {
    let Parameter::Subexpression(_) = &tag.name else {
        let name = tag.name.as_name().unwrap_or_default();
        if tag.params.is_empty() && tag.hash.is_empty() {
            if is_helper(name) {
                let what = format!("{name} is no variable: write {{{{this.{name}}}}} for one");
                return Err(SyntaxFault::at(place, what));
            }
            return Ok(false);
        }
        comparison(tag, place, 0)?;
        return Ok(true);
    };
    Err(SyntaxFault::at(place, "parentheses belong behind a helper, such as #if"))
}

fn block(tag: &HelperTemplate, place: Place) -> Result<(), SyntaxFault> {
    let name = tag.name.as_name().unwrap_or_default();
    if !BLOCKS.contains(&name) {
        let what = format!("there is no block #{name}: use #if, #unless, #each or #with");
        return Err(SyntaxFault::at(place, what));
    }
    let [what] = tag.params.as_slice() else {
        return Err(SyntaxFault::at(place, format!("#{name} needs one parameter")));
    };
    if matches!(name, "each" | "with") && !matches!(what, Parameter::Path(_)) {
        return Err(SyntaxFault::at(place, format!("#{name} needs the name of a variable")));
    }
    if tag.hash.keys().any(|option| option != "includeZero" || !matches!(name, "if" | "unless")) {
        return Err(SyntaxFault::at(place, format!("#{name} has no such option")));
    }
    parameters(tag, place, 0)
}

fn comparison(tag: &HelperTemplate, place: Place, depth: usize) -> Result<(), SyntaxFault> {
    let name = tag.name.as_name().unwrap_or_default();
    let known = COMPARISONS.iter().find(|(known, _)| *known == name);
    let Some((_, needed)) = known else {
        let names = COMPARISONS.map(|(name, _)| name).join(", ");
        let what = format!("there is no helper {name}: use {names}");
        return Err(SyntaxFault::at(place, what));
    };
    let most = if matches!(name, "and" | "or") { MOST_JOINED } else { *needed };
    if !(*needed..=most).contains(&tag.params.len()) {
        let many = if most == *needed { most.to_string() } else { format!("{needed} to {most}") };
        return Err(SyntaxFault::at(place, format!("{name} needs {many} parameters")));
    }
    if !tag.hash.is_empty() {
        return Err(SyntaxFault::at(place, format!("{name} has no options")));
    }
    parameters(tag, place, depth + 1)
}

fn parameters(tag: &HelperTemplate, place: Place, depth: usize) -> Result<(), SyntaxFault> {
    for parameter in tag.params.iter().chain(tag.hash.values()) {
        if let Parameter::Subexpression(inner) = parameter
            && let TemplateElement::Expression(inner) = inner.as_element()
        {
            if depth >= DEEPEST {
                let what = format!("too many comparisons within comparisons: at most {DEEPEST}");
                return Err(SyntaxFault::at(place, what));
            }
            comparison(inner, place, depth)?;
        }
    }
    Ok(())
}
