//! What readers find, and when.

mod contents;
mod filters;
mod fresh;
mod pages;

use serde_json::Value;

use crate::app::Answer;

/// The ids in a list.
fn ids(list: &Answer) -> Vec<String> {
    let data = list.body["data"].as_array().unwrap().iter();
    data.map(|one: &Value| one["id"].as_str().unwrap().to_owned()).collect()
}
