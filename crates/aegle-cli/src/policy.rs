//! What a consent opens, as options.

use std::collections::BTreeSet;

use aegle_client::Pubkey;
use aegle_decision::{Base, Category, Key, Policy, PolicyVersion, ResourceType, Rule, Sensitivity};
use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::context::address;

const HEADING: &str = "What it opens";

/// What of the records is opened. Without any of these nothing is.
#[derive(Args, Clone)]
pub struct PolicyArgs {
    /// What holds where nothing else is said
    #[arg(long, value_name = "BASE", help_heading = HEADING)]
    base: Option<BaseArg>,
    /// Records whose categories are all among these, such as laboratory; may be repeated
    #[arg(long = "category", value_name = "CODE", value_delimiter = ',', help_heading = HEADING)]
    categories: Vec<Category>,
    /// Records whose FHIR resource types are all among these, such as Observation; may be repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', help_heading = HEADING)]
    types: Vec<ResourceType>,
    /// Records of care on this day or later, YYYY-MM-DD
    #[arg(long, value_name = "DAY", help_heading = HEADING)]
    care_since: Option<Date>,
    /// Records of care on this day or earlier, YYYY-MM-DD
    #[arg(long, value_name = "DAY", help_heading = HEADING)]
    care_until: Option<Date>,
    /// Only this record; may be repeated
    #[arg(long = "only", value_name = "RECORD", value_parser = address, help_heading = HEADING)]
    only: Vec<Pubkey>,
    /// All but this record; may be repeated
    #[arg(long = "except", value_name = "RECORD", value_parser = address, help_heading = HEADING)]
    except: Vec<Pubkey>,
    /// Nothing of this category either; may be repeated
    #[arg(long = "except-category", value_name = "CODE", value_delimiter = ',', help_heading = HEADING)]
    except_categories: Vec<Category>,
    /// What is sensitive in this way too, by its HL7 code such as HIV or PSY; else it is withheld; may be repeated
    #[arg(long = "sensitivity", value_name = "CODE", value_delimiter = ',', help_heading = HEADING)]
    sensitivity: Vec<Sensitivity>,
    /// The day by which they have to erase what they keep, YYYY-MM-DD
    #[arg(long, value_name = "DAY", help_heading = HEADING)]
    erase_by: Option<Date>,
}

#[derive(ValueEnum, Clone, Copy)]
enum BaseArg {
    /// Everything but what is sensitive
    Normal,
    /// Everything, with the sensitivities that --sensitivity names
    All,
    /// Nothing but in an emergency
    BreakGlass,
}

impl PolicyArgs {
    /// Whether anything is said.
    pub fn is_given(&self) -> bool {
        self.base.is_some()
            || self.permit() != Rule::default()
            || !self.sensitivity.is_empty()
            || !self.deny().is_empty()
    }

    pub fn policy(&self) -> Policy {
        let permit = self.permit();
        Policy {
            kind: PolicyVersion::V1,
            base: match self.base {
                None => Base::Deny,
                Some(BaseArg::Normal) => Base::BasicNormal,
                Some(BaseArg::All) => Base::AllNormal,
                Some(BaseArg::BreakGlass) => Base::BreakGlassOnly,
            },
            permit: if permit == Rule::default() { Vec::new() } else { vec![permit] },
            deny: self.deny(),
            sensitivity: self.sensitivity.iter().cloned().collect(),
            erase_by: self.erase_by,
            preview: None,
            recipient: None,
        }
    }

    fn permit(&self) -> Rule {
        Rule {
            categories: self.categories.iter().cloned().collect(),
            types: self.types.iter().cloned().collect(),
            from: self.care_since,
            until: self.care_until,
            records: keys(&self.only),
            ..Rule::default()
        }
    }

    /// Exceptions, each a rule of its own: in one rule all would have to hold at once.
    fn deny(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if !self.except.is_empty() {
            rules.push(Rule { records: keys(&self.except), ..Rule::default() });
        }
        if !self.except_categories.is_empty() {
            rules.push(Rule { categories: self.except_categories.iter().cloned().collect(), ..Rule::default() });
        }
        rules
    }
}

fn keys(addresses: &[Pubkey]) -> BTreeSet<Key> {
    addresses.iter().map(|address| Key(address.to_bytes())).collect()
}
