use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use solana_sha256_hasher::hash;

use crate::{Document, Filter, Key, Labels, Policy, RecordView, RecordViews};

/// What a policy would open at the time a patient signs it: its hash goes into the policy, so that
/// nobody can say later that something else was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    pub kind: PreviewVersion,
    pub vault: Key,
    /// Bits of [`aegle::state::Purpose`].
    pub purposes: u16,
    /// Records that would be open.
    pub records: BTreeSet<Key>,
    /// How many others there are.
    pub withheld: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PreviewVersion {
    #[default]
    #[serde(rename = "aegle:preview:v1")]
    V1,
}

impl Document<Preview> {
    /// For [`Policy::preview`].
    pub fn hash(&self) -> [u8; 32] {
        hash(self.bytes()).to_bytes()
    }
}

/// What `policy` would open of `records`, by the same filter that decides once it is granted. A record
/// that was erased or has no labels is withheld.
pub fn preview<'a>(
    vault: Key,
    purposes: u16,
    policy: &Policy,
    records: impl IntoIterator<Item = (RecordView, Option<&'a Labels>)>,
) -> Document<Preview> {
    let filter = Filter::consents(vault, vec![(Key::default(), Arc::new(policy.clone()))]);
    let mut preview = Preview { kind: PreviewVersion::V1, vault, purposes, records: BTreeSet::new(), withheld: 0 };
    for (record, labels) in records {
        let views = RecordViews { finalized: Some(record), confirmed: Some(record) };
        if filter.admits(&views, labels).permits() {
            preview.records.insert(record.record);
        } else {
            preview.withheld += 1;
        }
    }
    Document::new(preview)
}
