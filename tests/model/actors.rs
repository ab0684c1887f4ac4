//! Who acts, and the ids they choose from. Both are the same in every sequence, so that derived
//! addresses are computed once.

use aegle_client::Pubkey;

/// A key with a legible address. Signatures are not checked here, so it needs no secret.
const fn key(name: &str) -> Pubkey {
    let name = name.as_bytes();
    let mut bytes = [b'.'; 32];
    let mut at = 0;
    while at < name.len() {
        bytes[at] = name[at];
        at += 1;
    }
    Pubkey::new_from_array(bytes)
}

pub const UPGRADE_AUTHORITY: Pubkey = key("upgrade-authority");
pub const GOVERNANCE: Pubkey = key("governance");
/// Pays the fee of every transaction, and mostly the rent.
pub const RELAY: Pubkey = key("relay");
pub const SPONSOR: Pubkey = key("sponsor");
/// Pays until it is out of lamports.
pub const POOR: Pubkey = key("poor");
pub const STRANGER: Pubkey = key("stranger");
/// Holds every key that ever owned a vault, beside its own.
pub const THIEF: Pubkey = key("thief");
pub const OWNERS: [Pubkey; 2] = [key("owner-a"), key("owner-b")];
/// Whom recoveries name.
pub const HEIRS: [Pubkey; 2] = [key("heir-a"), key("heir-b")];
pub const DELEGATES: [Pubkey; 5] =
    [key("delegate-1"), key("delegate-2"), key("delegate-3"), key("delegate-4"), key("delegate-5")];
pub const GUARDIANS: [Pubkey; 5] =
    [key("guardian-1"), key("guardian-2"), key("guardian-3"), key("guardian-4"), key("guardian-5")];
pub const GRANTEES: [Pubkey; 3] = [key("grantee-1"), key("grantee-2"), key("grantee-3")];
pub const REGISTRARS: [Pubkey; 3] = [key("registrar-1"), key("registrar-2"), key("registrar-3")];
pub const OPERATORS: [Pubkey; 2] = [key("operator-1"), key("operator-2")];
pub const SUBJECTS: [Pubkey; 3] = [key("subject-1"), key("subject-2"), key("subject-3")];

/// Lamports of those who have any at first.
pub const FUNDED: [(Pubkey, u64); 7] = [
    (RELAY, 1_000_000_000_000),
    (SPONSOR, 1_000_000_000_000),
    (STRANGER, 100_000_000_000),
    (THIEF, 100_000_000_000),
    (OWNERS[0], 100_000_000_000),
    (HEIRS[0], 100_000_000_000),
    (POOR, 12_000_000),
];

/// Every key that may sign.
pub fn wallets() -> impl Iterator<Item = Pubkey> {
    [UPGRADE_AUTHORITY, GOVERNANCE, RELAY, SPONSOR, POOR, STRANGER, THIEF]
        .into_iter()
        .chain(OWNERS)
        .chain(HEIRS)
        .chain(DELEGATES)
        .chain(GUARDIANS)
        .chain(GRANTEES)
        .chain(REGISTRARS)
        .chain(SUBJECTS)
        .chain(OPERATORS)
}

/// The name behind a key made here.
pub fn name(key: &Pubkey) -> String {
    String::from_utf8_lossy(key.as_ref()).trim_end_matches('.').into()
}

/// The id of a kind of account by its number.
pub fn id(kind: u8, number: u8) -> [u8; 32] {
    let mut id = [kind; 32];
    id[0] = number;
    id
}
