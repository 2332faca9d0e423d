//! The templates of a random life: saved, changed and discarded.

use std::collections::HashMap;

use selfmx::commands::Command;
use selfmx::commands::context::Context;
use selfmx::commands::template::{CreateTemplate, DeleteTemplate, UpdateTemplate};
use selfmx::commands::tenant::Change;
use selfmx::values::{TemplateId, TemplateSource, TenantId};

use crate::node::Node;

/// The living template of each tenant under each of its names.
#[derive(Default)]
pub(crate) struct Templates(HashMap<(TenantId, usize), TemplateId>);

impl Templates {
    /// A new template, or a new version of the one that has this name.
    pub(crate) async fn save(&mut self, node: &Node, (tenant, name): (TenantId, usize), text: u8) {
        let said = Some(format!("Text {text}")).filter(|_| text > 0);
        let name_of = format!("name {name}").parse().unwrap();
        if let Some(template) = self.0.get(&(tenant, name)).copied() {
            let text = said.map_or(Change::Clear, Change::Set);
            let html = Change::Set("<p>Hi</p>".to_owned());
            let (name, subject) = (Some(name_of), Change::Keep);
            run(node, &UpdateTemplate { tenant, template, name, subject, html, text }).await;
        } else {
            let template = TemplateId::at(node.commands.now());
            self.0.insert((tenant, name), template);
            let source = TemplateSource { text: said, ..TemplateSource::default() };
            run(node, &CreateTemplate { tenant, template, name: name_of, source }).await;
        }
    }

    pub(crate) async fn discard(&mut self, node: &Node, of: (TenantId, usize)) {
        if let Some(template) = self.0.remove(&of) {
            run(node, &DeleteTemplate { tenant: of.0, template }).await;
        }
    }
}

async fn run<C: Command>(node: &Node, command: &C) {
    // What is refused changes nothing, and that is what is looked at afterwards.
    let _ = node.commands.run(&Context::of("test"), command).await;
}
