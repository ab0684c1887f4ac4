use std::collections::BTreeMap;

use aegle_decision::Key;
use aegle_disclosure::{Digest, Head, Heads};
use proptest::prelude::*;

fn heads(vaults: &BTreeMap<Key, u64>) -> Heads {
    Heads::new(vaults.iter().map(|(vault, entries)| (*vault, head(*entries), salt(vault))))
}

fn head(entries: u64) -> Head {
    Head { entries, commitment: Digest([entries as u8; 32]) }
}

fn salt(vault: &Key) -> Digest {
    Digest([vault.0[0] ^ 0x5a; 32])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_vault_has_one_head_and_no_proof_shows_another(
        vaults in prop::collection::btree_map(any::<[u8; 32]>().prop_map(Key), 1_u64..200, 0..24),
        absent in any::<[u8; 32]>().prop_map(Key),
    ) {
        let heads = heads(&vaults);
        let root = heads.root();
        for (vault, entries) in &vaults {
            let proof = heads.prove(vault, Some(head(*entries)), salt(vault));
            prop_assert!(proof.holds(vault, &root));
            for other in [Some(head(entries + 1)), None] {
                let mut wrong = proof.clone();
                wrong.head = other;
                prop_assert!(!wrong.holds(vault, &root), "not {other:?}");
            }
            prop_assert!(!proof.holds(&absent, &root));
            prop_assert!(!heads.prove(vault, None, salt(vault)).holds(vault, &root), "it has one");
            let mut elsewhere = proof.clone();
            elsewhere.beside.pop();
            prop_assert!(proof.beside.is_empty() || !elsewhere.holds(vault, &root));
        }
        let proof = heads.prove(&absent, None, Digest::default());
        prop_assert!(vaults.contains_key(&absent) || proof.holds(&absent, &root));
        prop_assert!(!heads.prove(&absent, Some(head(1)), Digest::default()).holds(&absent, &root));
        let json = serde_json::to_string(&proof).unwrap();
        prop_assert_eq!(serde_json::from_str::<aegle_disclosure::HeadProof>(&json).unwrap(), proof);
    }

    #[test]
    fn the_root_changes_with_every_head_and_not_with_the_order(
        vaults in prop::collection::btree_map(any::<[u8; 32]>().prop_map(Key), 1_u64..200, 1..40),
        place in any::<prop::sample::Index>(),
    ) {
        let before = heads(&vaults).root();
        let reversed = Heads::new(vaults.iter().rev().map(|(vault, entries)| (*vault, head(*entries), salt(vault))));
        prop_assert_eq!(reversed.root(), before);
        let vault = *vaults.keys().nth(place.index(vaults.len())).unwrap();
        let mut grown = vaults.clone();
        *grown.get_mut(&vault).unwrap() += 1;
        prop_assert_ne!(heads(&grown).root(), before);
        grown.remove(&vault);
        prop_assert_ne!(heads(&grown).root(), before);
    }
}
