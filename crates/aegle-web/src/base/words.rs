//! The words that labels are made of, and what the program's refusals mean.

use aegle_decision::{PURPOSES, SENSITIVITIES};
use aegle_fhir::Category;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{failure::Failure, value::write};

/// The codes that labels, policies and requests are made of, with plain names.
#[wasm_bindgen(unchecked_return_type = "Vocabulary")]
pub fn vocabulary() -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct Term {
        code: &'static str,
        name: &'static str,
    }
    #[derive(Serialize)]
    struct Purpose {
        code: &'static str,
        bit: u16,
    }
    #[derive(Serialize)]
    struct Vocabulary {
        categories: Vec<Term>,
        sensitivities: Vec<Term>,
        purposes: Vec<Purpose>,
    }
    write(&Vocabulary {
        categories: Category::ALL
            .iter()
            .map(|category| Term { code: category.as_str(), name: category.title() })
            .collect(),
        sensitivities: SENSITIVITIES.iter().map(|(code, name)| Term { code, name }).collect(),
        purposes: PURPOSES.iter().map(|(code, purpose)| Purpose { code, bit: *purpose as u16 }).collect(),
    })
}

/// What the program's refusals mean and what to do, by their codes.
#[wasm_bindgen(unchecked_return_type = "ProgramRefusal[]")]
pub fn refusals() -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct Refusal {
        code: u32,
        name: String,
        message: String,
        advice: &'static str,
    }
    let refusals = aegle_client::error::explanations().map(|explained| Refusal {
        code: explained.code,
        name: explained.name,
        message: explained.message,
        advice: explained.advice,
    });
    write(&refusals.collect::<Vec<_>>())
}
