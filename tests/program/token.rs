//! A record's token as it stands in the ledger, and what its holder tries with it.

use aegle_client::{Pubkey, pda};
use aegle_tests::vm::{RECORD_URI, Vm};
use anchor_lang::solana_program::system_instruction;
use anchor_spl::{
    token_2022::{
        ID,
        spl_token_2022::{
            extension::{
                BaseStateWithExtensions, ExtensionType, StateWithExtensions, metadata_pointer::MetadataPointer,
                mint_close_authority::MintCloseAuthority, permanent_delegate::PermanentDelegate,
            },
            instruction,
            state::{Account, AccountState, Mint},
        },
    },
    token_2022_extensions::spl_token_metadata_interface::state::TokenMetadata,
};
use solana_instruction::Instruction;
use solana_signer::Signer;

/// Every fact of a record's mint.
#[derive(Debug, PartialEq)]
pub struct MintFacts {
    pub supply: u64,
    pub decimals: u8,
    pub mint_authority: Option<Pubkey>,
    pub freeze_authority: Option<Pubkey>,
    pub permanent_delegate: Option<Pubkey>,
    pub close_authority: Option<Pubkey>,
    pub metadata_address: Option<Pubkey>,
    pub metadata_pointer_authority: Option<Pubkey>,
    pub metadata: TokenMetadata,
    pub extensions: Vec<ExtensionType>,
}

/// Every fact of the account that holds a record's token.
#[derive(Debug, PartialEq)]
pub struct HoldingFacts {
    pub mint: Pubkey,
    pub owner: Pubkey,
    pub amount: u64,
    pub state: AccountState,
    pub close_authority: Option<Pubkey>,
    pub delegate: Option<Pubkey>,
    pub extensions: Vec<ExtensionType>,
}

/// Where the record's mint and the holder's token account are. A token that a delegate minted is in the
/// record's own name.
pub fn addresses(record: &Pubkey, holder: &Pubkey) -> (Pubkey, Pubkey) {
    let mint = pda::find_mint(record).0;
    (mint, pda::find_token(&mint, holder).0)
}

/// What the mint must be while the token is live.
pub fn issued(record: &Pubkey) -> MintFacts {
    let mint = pda::find_mint(record).0;
    MintFacts {
        supply: 1,
        decimals: 0,
        mint_authority: None,
        freeze_authority: None,
        permanent_delegate: Some(*record),
        close_authority: Some(*record),
        metadata_address: Some(mint),
        metadata_pointer_authority: None,
        metadata: TokenMetadata {
            update_authority: Some(*record).try_into().unwrap(),
            mint,
            name: "Aegle health record".into(),
            symbol: "AEGLE".into(),
            uri: RECORD_URI.into(),
            additional_metadata: Vec::new(),
        },
        extensions: vec![
            ExtensionType::MetadataPointer,
            ExtensionType::NonTransferable,
            ExtensionType::PermanentDelegate,
            ExtensionType::MintCloseAuthority,
            ExtensionType::TokenMetadata,
        ],
    }
}

/// What the token account must be: in the owner's name, closed by the record alone; after a delegate
/// minted it, in the record's own name.
pub fn held(record: &Pubkey, holder: &Pubkey) -> HoldingFacts {
    HoldingFacts {
        mint: pda::find_mint(record).0,
        owner: *holder,
        amount: 1,
        state: AccountState::Initialized,
        close_authority: (holder != record).then_some(*record),
        delegate: None,
        extensions: vec![ExtensionType::ImmutableOwner, ExtensionType::NonTransferableAccount],
    }
}

pub fn mint(vm: &Vm, address: &Pubkey) -> MintFacts {
    let account = token_account(vm, address);
    let mint = StateWithExtensions::<Mint>::unpack(&account.data).unwrap();
    let pointer = mint.get_extension::<MetadataPointer>().unwrap();
    MintFacts {
        supply: mint.base.supply,
        decimals: mint.base.decimals,
        mint_authority: mint.base.mint_authority.into(),
        freeze_authority: mint.base.freeze_authority.into(),
        permanent_delegate: mint.get_extension::<PermanentDelegate>().unwrap().delegate.into(),
        close_authority: mint.get_extension::<MintCloseAuthority>().unwrap().close_authority.into(),
        metadata_address: pointer.metadata_address.into(),
        metadata_pointer_authority: pointer.authority.into(),
        metadata: mint.get_variable_len_extension::<TokenMetadata>().unwrap(),
        extensions: mint.get_extension_types().unwrap(),
    }
}

pub fn holding(vm: &Vm, address: &Pubkey) -> HoldingFacts {
    let account = token_account(vm, address);
    let holding = StateWithExtensions::<Account>::unpack(&account.data).unwrap();
    HoldingFacts {
        mint: holding.base.mint,
        owner: holding.base.owner,
        amount: holding.base.amount,
        state: holding.base.state,
        close_authority: holding.base.close_authority.into(),
        delegate: holding.base.delegate.into(),
        extensions: holding.get_extension_types().unwrap(),
    }
}

/// The holder burns the token.
pub fn burn(record: &Pubkey, holder: &Pubkey) -> Instruction {
    let (mint, token) = addresses(record, holder);
    instruction::burn_checked(&ID, &token, &mint, holder, &[], 1, 0).unwrap()
}

/// The holder closes the token account for its rent.
pub fn close(record: &Pubkey, holder: &Pubkey) -> Instruction {
    let (_, token) = addresses(record, holder);
    instruction::close_account(&ID, &token, holder, holder, &[]).unwrap()
}

/// Opens one more, empty account for the record's token in `owner`'s name, which anyone may.
pub fn open_account(vm: &mut Vm, record: &Pubkey, owner: &Pubkey) -> Pubkey {
    let account = vm.keypair();
    let key = account.pubkey();
    let mint = pda::find_mint(record).0;
    let extensions = [ExtensionType::ImmutableOwner, ExtensionType::NonTransferableAccount];
    let space = ExtensionType::try_calculate_account_len::<Account>(&extensions).unwrap();
    let create =
        system_instruction::create_account(&vm.payer.pubkey(), &key, vm.rent(space), space.try_into().unwrap(), &ID);
    let immutable = instruction::initialize_immutable_owner(&ID, &key).unwrap();
    let initialize = instruction::initialize_account3(&ID, &key, &mint, owner).unwrap();
    vm.send(&[create, immutable, initialize], &[&account]).unwrap();
    key
}

fn token_account(vm: &Vm, address: &Pubkey) -> solana_account::Account {
    let account = vm.svm.get_account(address).unwrap();
    assert_eq!(account.owner, ID);
    account
}
