//! Instructions with the parameters they were made from.

use aegle_client::{
    PROGRAM_ID, Pubkey,
    aegle::{
        AddDelegateParams, AddRegistrarParams, AnchorAuditRootParams, ApproveRecoveryParams, ChangeGuardiansParams,
        CheckConsentParams, CreateVaultParams, GrantConsentParams, InitConfigParams, IssueCredentialParams,
        NewRecordParams, OpenBreakGlassParams, ProposeRecoveryParams, ReissueRecordParams, RenewCredentialParams,
        RotateKeyParams, SetDelegateMintCapParams, SetEmergencyPolicyParams, instruction,
    },
};
use anchor_lang::{InstructionData, ToAccountMetas, solana_program::system_instruction};
use anchor_spl::token_2022::{ID as TOKEN_2022, spl_token_2022};
use solana_instruction::{AccountMeta, Instruction};

/// Declares [`Args`], one variant for each instruction, and [`Kind`], its name.
macro_rules! kinds {
    ($($name:ident $(($params:ty))?),+ $(,)?) => {
        #[derive(Clone, Debug)]
        pub enum Args { $($name $(($params))?,)+ }

        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($name,)+ }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }

        impl Args {
            pub fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$name,)+ }
            }
        }
    };
}

kinds! {
    InitConfig(InitConfigParams),
    SetPause(bool),
    CreateVault(CreateVaultParams),
    RotateKey(RotateKeyParams),
    SetDelegateMintCap(SetDelegateMintCapParams),
    AddDelegate(AddDelegateParams),
    RemoveDelegate,
    MintRecord(NewRecordParams),
    AmendRecord(NewRecordParams),
    MarkRecordEnteredInError,
    EraseRecord,
    ReissueRecord(ReissueRecordParams),
    GrantConsent((ConsentId, GrantConsentParams)),
    RevokeConsent,
    RevokeAllConsents,
    CheckConsent(CheckConsentParams),
    ChangeGuardians(ChangeGuardiansParams),
    ApplyGuardianChange,
    ProposeRecovery(ProposeRecoveryParams),
    ApproveRecovery(ApproveRecoveryParams),
    VetoRecovery,
    ExecuteRecovery,
    AddRegistrar(AddRegistrarParams),
    RemoveRegistrar,
    IssueCredential(IssueCredentialParams),
    RenewCredential(RenewCredentialParams),
    SuspendCredential,
    ReinstateCredential(u32),
    RevokeCredential,
    SetEmergencyPolicy(SetEmergencyPolicyParams),
    OpenBreakGlass(OpenBreakGlassParams),
    ReviewBreakGlass,
    AnchorAuditRoot(AnchorAuditRootParams),
    // What anyone may do without the program.
    BurnToken,
    CloseToken,
    SendLamports(u64),
}

type ConsentId = [u8; 32];

#[derive(Clone, Debug)]
pub struct Call {
    pub args: Args,
    pub accounts: Vec<AccountMeta>,
}

impl Call {
    pub fn new(args: Args, accounts: impl ToAccountMetas) -> Self {
        Self { args, accounts: accounts.to_account_metas(None) }
    }

    /// The holder, or whoever else signs, burns a record's token.
    pub fn burn(token: Pubkey, mint: Pubkey, authority: Pubkey) -> Self {
        let accounts = vec![
            AccountMeta::new(token, false),
            AccountMeta::new(mint, false),
            AccountMeta::new_readonly(authority, true),
        ];
        Self { args: Args::BurnToken, accounts }
    }

    /// The holder, or whoever else signs, closes a record's token account for its rent.
    pub fn close(token: Pubkey, authority: Pubkey) -> Self {
        let accounts = vec![
            AccountMeta::new(token, false),
            AccountMeta::new(authority, false),
            AccountMeta::new_readonly(authority, true),
        ];
        Self { args: Args::CloseToken, accounts }
    }

    pub fn send_lamports(from: Pubkey, to: Pubkey, lamports: u64) -> Self {
        let accounts = vec![AccountMeta::new(from, true), AccountMeta::new(to, false)];
        Self { args: Args::SendLamports(lamports), accounts }
    }

    pub fn kind(&self) -> Kind {
        self.args.kind()
    }

    /// The accounts in their order, all of them.
    pub fn keys<const N: usize>(&self) -> [Pubkey; N] {
        let keys: Vec<Pubkey> = self.accounts.iter().map(|account| account.pubkey).collect();
        keys.try_into().expect("every account the instruction takes")
    }

    pub fn instruction(&self) -> Instruction {
        let program_id = match self.args {
            Args::BurnToken | Args::CloseToken => TOKEN_2022,
            Args::SendLamports(_) => solana_sdk_ids::system_program::ID,
            _ => PROGRAM_ID,
        };
        Instruction { program_id, accounts: self.accounts.clone(), data: self.data() }
    }

    fn data(&self) -> Vec<u8> {
        match self.args.clone() {
            Args::InitConfig(params) => instruction::InitConfig { params }.data(),
            Args::SetPause(paused) => instruction::SetPause { paused }.data(),
            Args::CreateVault(params) => instruction::CreateVault { params }.data(),
            Args::RotateKey(params) => instruction::RotateKey { params }.data(),
            Args::SetDelegateMintCap(params) => instruction::SetDelegateMintCap { params }.data(),
            Args::AddDelegate(params) => instruction::AddDelegate { params }.data(),
            Args::RemoveDelegate => instruction::RemoveDelegate {}.data(),
            Args::MintRecord(params) => instruction::MintRecord { params }.data(),
            Args::AmendRecord(params) => instruction::AmendRecord { params }.data(),
            Args::MarkRecordEnteredInError => instruction::MarkRecordEnteredInError {}.data(),
            Args::EraseRecord => instruction::EraseRecord {}.data(),
            Args::ReissueRecord(params) => instruction::ReissueRecord { params }.data(),
            Args::GrantConsent((consent_id, params)) => instruction::GrantConsent { consent_id, params }.data(),
            Args::RevokeConsent => instruction::RevokeConsent {}.data(),
            Args::RevokeAllConsents => instruction::RevokeAllConsents {}.data(),
            Args::CheckConsent(params) => instruction::CheckConsent { params }.data(),
            Args::ChangeGuardians(params) => instruction::ChangeGuardians { params }.data(),
            Args::ApplyGuardianChange => instruction::ApplyGuardianChange {}.data(),
            Args::ProposeRecovery(params) => instruction::ProposeRecovery { params }.data(),
            Args::ApproveRecovery(params) => instruction::ApproveRecovery { params }.data(),
            Args::VetoRecovery => instruction::VetoRecovery {}.data(),
            Args::ExecuteRecovery => instruction::ExecuteRecovery {}.data(),
            Args::AddRegistrar(params) => instruction::AddRegistrar { params }.data(),
            Args::RemoveRegistrar => instruction::RemoveRegistrar {}.data(),
            Args::IssueCredential(params) => instruction::IssueCredential { params }.data(),
            Args::RenewCredential(params) => instruction::RenewCredential { params }.data(),
            Args::SuspendCredential => instruction::SuspendCredential {}.data(),
            Args::ReinstateCredential(expected_revision) => {
                instruction::ReinstateCredential { expected_revision }.data()
            }
            Args::RevokeCredential => instruction::RevokeCredential {}.data(),
            Args::SetEmergencyPolicy(params) => instruction::SetEmergencyPolicy { params }.data(),
            Args::OpenBreakGlass(params) => instruction::OpenBreakGlass { params }.data(),
            Args::ReviewBreakGlass => instruction::ReviewBreakGlass {}.data(),
            Args::AnchorAuditRoot(params) => instruction::AnchorAuditRoot { params }.data(),
            Args::BurnToken => {
                spl_token_2022::instruction::TokenInstruction::BurnChecked { amount: 1, decimals: 0 }.pack()
            }
            Args::CloseToken => spl_token_2022::instruction::TokenInstruction::CloseAccount.pack(),
            Args::SendLamports(lamports) => {
                let [from, to] = self.keys();
                system_instruction::transfer(&from, &to, lamports).data
            }
        }
    }
}
