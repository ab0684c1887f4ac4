//! INV-9: an entry that is removed, moved, altered or cut off shows, and so does a fork.

use std::collections::HashMap;

use aegle_disclosure::{Audit, AuditFault, Consistency, Digest, Inclusion, Nodes, Stated, Tree, leaf_hash};
use proptest::prelude::*;
use solana_sha256_hasher::hashv;

fn commitments(count: usize) -> Vec<Digest> {
    (0..count).map(|number| Digest(hashv(&[&number.to_be_bytes()]).to_bytes())).collect()
}

/// MTH of RFC 9162, section 2.1.1, word for word.
fn mth(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest(hashv(&[]).to_bytes()),
        [leaf] => Digest(hashv(&[&[0], &leaf.0]).to_bytes()),
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Digest(hashv(&[&[1], &mth(left).0, &mth(right).0]).to_bytes())
        }
    }
}

fn grown(leaves: &[Digest]) -> (Tree, Nodes) {
    let (mut tree, mut nodes) = (Tree::default(), HashMap::new());
    for leaf in leaves {
        nodes.extend(tree.append(leaf));
    }
    (tree, nodes)
}

#[test]
fn the_root_is_that_of_the_rfc_and_a_tree_resumes_from_its_nodes() {
    let leaves = commitments(70);
    for size in 0..=leaves.len() {
        let (tree, nodes) = grown(&leaves[..size]);
        assert_eq!(tree.root(), mth(&leaves[..size]), "{size} leaves");
        let resumed = Tree::resume(size as u64, &nodes).unwrap();
        assert_eq!(resumed, tree);
        if size > 0 {
            assert_eq!(nodes[&0], leaf_hash(&leaves[0]));
            assert_eq!(Tree::resume(size as u64, &Nodes::new()), None, "its nodes are missing");
        }
    }
}

#[test]
fn inclusion_and_consistency_are_proved_and_nothing_else_is() {
    let leaves = commitments(33);
    let (tree, nodes) = grown(&leaves);
    let size = tree.size();
    for index in 0..size {
        let needs = Inclusion::needs(index, size).unwrap();
        let few: Nodes = needs.iter().map(|position| (*position, nodes[position])).collect();
        let proof = Inclusion::new(index, size, &few).unwrap();
        assert!(proof.proves(&leaves[index as usize], &tree.root()));
        assert!(!proof.proves(&leaves[(index as usize + 1) % 33], &tree.root()));
        assert!(
            !Inclusion { index: (index + 1) % size, ..proof.clone() }.proves(&leaves[index as usize], &tree.root())
        );
        assert!(!Inclusion { index: size, ..proof }.proves(&leaves[index as usize], &tree.root()));
    }
    assert_eq!(Inclusion::needs(size, size), None);

    for from in 1..=size {
        let before = mth(&leaves[..from as usize]);
        let needs = Consistency::needs(from, size).unwrap();
        let few: Nodes = needs.iter().map(|position| (*position, nodes[position])).collect();
        let proof = Consistency::new(from, size, &few).unwrap();
        assert!(proof.proves(&before, &tree.root()));
        assert!(from == size || !proof.proves(&tree.root(), &before));
    }
    assert_eq!((Consistency::needs(0, size), Consistency::needs(size + 1, size)), (None, None));
}

/// What was stated at some sizes, as anchors on chain do.
fn stated(leaves: &[Digest], sizes: &[usize]) -> Vec<Stated> {
    sizes.iter().map(|size| Stated { size: *size as u64, root: mth(&leaves[..*size]) }).collect()
}

fn audit(leaves: &[Digest], stated: Vec<Stated>) -> Result<Tree, AuditFault> {
    let mut audit = Audit::new(stated)?;
    leaves.iter().try_for_each(|leaf| audit.push(leaf))?;
    audit.finish()
}

#[test]
fn an_untouched_log_passes_whatever_was_stated_and_grows_beyond_it() {
    let leaves = commitments(20);
    assert_eq!(audit(&leaves, stated(&leaves, &[0, 7, 7, 20])).unwrap().root(), mth(&leaves));
    assert!(audit(&leaves, stated(&leaves, &[9, 3])).is_ok(), "in any order, and what came since is not stated yet");
    assert!(audit(&[], Vec::new()).is_ok());
}

proptest! {
    #[test]
    fn inv_9_every_change_before_an_anchor_is_found(
        (count, size) in (2_usize..60).prop_flat_map(|count| (Just(count), 1..=count)),
        place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let leaves = commitments(count);
        let (place, other) = (place.index(size), other.index(size));
        let stated = stated(&leaves, &[size / 2, size]);
        prop_assert!(audit(&leaves, stated.clone()).is_ok());

        let mut altered = leaves.clone();
        altered[place].0[bit / 8] ^= 1 << (bit % 8);
        let half = size as u64 / 2;
        let bounds = if place < size / 2 { (0, half) } else { (half, size as u64) };
        prop_assert_eq!(
            audit(&altered, stated.clone()), Err(AuditFault::Altered { after: bounds.0, size: bounds.1 }),
            "and it says between which anchors"
        );

        let mut removed = leaves.clone();
        removed.remove(place);
        prop_assert!(audit(&removed, stated.clone()).is_err());

        let mut added = leaves.clone();
        added.insert(place, Digest([7; 32]));
        prop_assert!(audit(&added, stated.clone()).is_err());

        let mut moved = leaves.clone();
        moved.swap(place, other);
        prop_assert_eq!(audit(&moved, stated.clone()).is_err(), place != other);

        let cut = audit(&leaves[..size - 1], stated.clone());
        prop_assert_eq!(cut, Err(AuditFault::CutOff { found: size as u64 - 1, stated: size as u64 }));

        let mut forked = stated;
        forked.push(Stated { size: size as u64, root: Digest([9; 32]) });
        prop_assert_eq!(audit(&leaves, forked), Err(AuditFault::Forked { size: size as u64 }));
    }
}
