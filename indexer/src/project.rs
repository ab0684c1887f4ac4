//! Events to rows: each event gives the facts it states, from itself alone.

use aegle_client::{
    Event,
    state::{RecordStatus, RecoveryStatus},
};

use crate::{
    db::{
        Facts, Position,
        audit_root::AuditRootRow,
        break_glass::{BreakGlassReviewRow, BreakGlassRow},
        config::{ConfigChangeRow, ConfigRow},
        consent::{ConsentRevocationRow, ConsentRow},
        credential::{CredentialChangeRow, CredentialRow},
        delegate::{DelegateRemovalRow, DelegateRow},
        event::EventRow,
        guardian::{GuardianChangeRow, InEffect, Pending, PendingRecovery},
        record::{RecordChangeRow, RecordReissueRow, RecordRow},
        recovery::{Approval, RecoveryChangeRow, RecoveryRow},
        registrar::{RegistrarRemovalRow, RegistrarRow},
        slot::SlotRow,
        vault::{VaultChangeRow, VaultRow},
    },
    decode::{Block, LedgerEvent, Reason},
};

/// Adds the facts of `block` to `facts`: its slot, the slots its parent link proves skipped, and what
/// its events say.
///
/// # Errors
/// The first event that holds a number beyond what the database holds, with the reason.
pub fn project<'b>(block: &'b Block, facts: &mut Facts) -> Result<(), (&'b LedgerEvent, Reason)> {
    let header = &block.header;
    facts.slots.extend((header.parent_slot + 1..header.slot).map(SlotRow::skipped));
    facts.slots.push(SlotRow::of(header));
    for event in &block.events {
        project_event(header.slot, event, facts).map_err(|reason| (event, reason))?;
    }
    Ok(())
}

/// Adds the facts of one event of `slot`.
///
/// # Errors
/// A number beyond what the database holds.
pub fn project_event(slot: i64, ledger: &LedgerEvent, facts: &mut Facts) -> Result<(), Reason> {
    let LedgerEvent { signature, tx_index, instruction_index, inner_index, event, data } = ledger;
    let position = Position {
        signature: *signature,
        instruction_index: *instruction_index,
        inner_index: *inner_index,
        slot,
        tx_index: *tx_index,
    };
    facts.events.push(EventRow {
        position,
        name: event.name(),
        account: event.account().to_bytes(),
        vault: event.vault().map(|vault| vault.to_bytes()),
        authority: event.authority().map(|authority| authority.to_bytes()),
        data: data.clone(),
    });
    match event {
        Event::ConfigInitialized(event) => facts.configs.push(ConfigRow {
            position,
            config: event.config.to_bytes(),
            bump: event.bump.into(),
            governance: event.governance.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            min_recovery_delay: event.min_recovery_delay,
            max_recovery_delay: event.max_recovery_delay,
            record_uri: event.record_uri.clone(),
        }),
        Event::PauseSet(event) => facts.config_changes.push(ConfigChangeRow {
            position,
            config: event.config.to_bytes(),
            paused: event.new_paused,
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::VaultCreated(event) => facts.vaults.push(VaultRow {
            position,
            vault: event.vault.to_bytes(),
            vault_id: event.vault_id,
            bump: event.bump.into(),
            owner: event.owner.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            encryption_key: event.encryption_key,
            delegate_mint_cap: event.delegate_mint_cap.into(),
            at: event.at,
        }),
        Event::KeyRotated(event) => facts.vault_changes.push(VaultChangeRow {
            encryption_key: Some(event.new_encryption_key),
            key_epoch: Some(event.new_key_epoch.into()),
            ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::AllConsentsRevoked(event) => facts.vault_changes.push(VaultChangeRow {
            consent_epoch: Some(event.new_consent_epoch.into()),
            ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::DelegateAdded(event) => facts.delegates.push(DelegateRow {
            position,
            delegate: event.delegate.to_bytes(),
            vault: event.vault.to_bytes(),
            key: event.key.to_bytes(),
            bump: event.bump.into(),
            authority: event.authority.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            rights: event.rights.into(),
            until_day: event.until_day.into(),
            delegate_epoch: event.delegate_epoch.into(),
            at: event.at,
        }),
        Event::DelegateRemoved(event) => facts.delegate_removals.push(DelegateRemovalRow {
            position,
            delegate: event.delegate.to_bytes(),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::RecordMinted(event) => {
            facts.records.push(RecordRow {
                position,
                record: event.address().to_bytes(),
                vault: event.vault.to_bytes(),
                record_id: event.record_id,
                bump: event.bump.into(),
                mint_bump: event.mint_bump.into(),
                commitment: event.commitment,
                record_version: 1,
                previous: None,
                holder: event.holder.key(&event.authority, &event.address()).to_bytes(),
                authority: event.authority.to_bytes(),
                rent_payer: event.rent_payer.to_bytes(),
                at: event.at,
            });
            facts.vault_changes.push(VaultChangeRow {
                record_count: Some(signed("record_count", event.record_count)?),
                delegate_mints: Some(event.delegate_mints.into()),
                ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
            });
        }
        Event::RecordAmended(event) => {
            facts.records.push(RecordRow {
                position,
                record: event.address().to_bytes(),
                vault: event.vault.to_bytes(),
                record_id: event.record_id,
                bump: event.bump.into(),
                mint_bump: event.mint_bump.into(),
                commitment: event.commitment,
                record_version: event.record_version.into(),
                previous: Some(event.previous.to_bytes()),
                holder: event.holder.key(&event.authority, &event.address()).to_bytes(),
                authority: event.authority.to_bytes(),
                rent_payer: event.rent_payer.to_bytes(),
                at: event.at,
            });
            facts.record_changes.push(RecordChangeRow {
                position,
                record: event.previous.to_bytes(),
                status: RecordStatus::Amended,
                authority: event.authority.to_bytes(),
                at: event.at,
            });
            facts.vault_changes.push(VaultChangeRow {
                record_count: Some(signed("record_count", event.record_count)?),
                delegate_mints: Some(event.delegate_mints.into()),
                ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
            });
        }
        Event::RecordMarkedEnteredInError(event) => facts.record_changes.push(RecordChangeRow {
            position,
            record: event.record.to_bytes(),
            status: event.new_status,
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::RecordErased(event) => facts.record_changes.push(RecordChangeRow {
            position,
            record: event.record.to_bytes(),
            status: event.new_status,
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::ConsentGranted(event) => facts.consents.push(ConsentRow {
            position,
            consent: event.address().to_bytes(),
            vault: event.vault.to_bytes(),
            consent_id: event.consent_id,
            bump: event.bump.into(),
            handle: event.handle,
            policy_commitment: event.policy_commitment,
            purposes: event.purposes.into(),
            actions: event.actions.into(),
            from_day: event.from_day.into(),
            until_day: event.until_day.into(),
            consent_epoch: event.consent_epoch.into(),
            authority: event.authority.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            at: event.at,
        }),
        Event::ConsentRevoked(event) => facts.consent_revocations.push(ConsentRevocationRow {
            position,
            consent: event.consent.to_bytes(),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::RecordReissued(event) => facts.record_reissues.push(RecordReissueRow {
            position,
            record: event.record.to_bytes(),
            issues: event.issues.into(),
            // The owner, who signed.
            holder: event.authority.to_bytes(),
            rent_payer: event.new_rent_payer.to_bytes(),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::DelegateMintCapSet(event) => facts.vault_changes.push(VaultChangeRow {
            delegate_mint_cap: Some(event.new_delegate_mint_cap.into()),
            ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::GuardiansChanged(event) => facts.guardian_changes.push(GuardianChangeRow {
            in_effect: Some(InEffect { guardian_epoch: event.guardian_epoch.into(), guardians: event.new_guardians }),
            pending: Some(Pending::default()),
            ..GuardianChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::GuardianChangeProposed(event) => facts.guardian_changes.push(GuardianChangeRow {
            pending: Some(Pending { due_at: event.due_at, guardians: event.new_pending_guardians }),
            ..GuardianChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::GuardianChangeCancelled(event) => facts.guardian_changes.push(GuardianChangeRow {
            pending: Some(Pending::default()),
            ..GuardianChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::RecoveryProposed(event) => {
            let recovery = event.address().to_bytes();
            facts.recoveries.push(RecoveryRow {
                position,
                recovery,
                vault: event.vault.to_bytes(),
                recovery_id: event.recovery_id,
                bump: event.bump.into(),
                new_owner: event.new_owner.to_bytes(),
                new_encryption_key: event.new_encryption_key,
                guardian_epoch: event.guardian_epoch.into(),
                delegate_epoch: event.delegate_epoch.into(),
                approvals: event.approvals.into(),
                status: event.status,
                executable_at: event.executable_at,
                lapses_at: event.lapses_at,
                authority: event.authority.to_bytes(),
                rent_payer: event.rent_payer.to_bytes(),
                at: event.at,
            });
            if event.status == RecoveryStatus::Pending {
                let unchanged = GuardianChangeRow::new(position, &event.vault, &event.authority, event.at);
                facts.guardian_changes.push(unchanged.awaiting(recovery, event.lapses_at));
            }
        }
        Event::RecoveryApproved(event) => {
            let recovery = event.recovery.to_bytes();
            facts.recovery_changes.push(RecoveryChangeRow {
                position,
                recovery,
                status: event.new_status,
                approval: Some(Approval {
                    approvals: event.new_approvals.into(),
                    executable_at: event.executable_at,
                    lapses_at: event.lapses_at,
                }),
                authority: event.authority.to_bytes(),
                at: event.at,
            });
            if event.new_status == RecoveryStatus::Pending && event.old_status != RecoveryStatus::Pending {
                let unchanged = GuardianChangeRow::new(position, &event.vault, &event.authority, event.at);
                facts.guardian_changes.push(unchanged.awaiting(recovery, event.lapses_at));
            }
        }
        Event::RecoveryVetoed(event) => {
            facts.recovery_changes.push(RecoveryChangeRow {
                position,
                recovery: event.recovery.to_bytes(),
                status: RecoveryStatus::Vetoed,
                approval: None,
                authority: event.authority.to_bytes(),
                at: event.at,
            });
            facts.guardian_changes.push(GuardianChangeRow {
                recovery: Some(PendingRecovery::default()),
                ..GuardianChangeRow::new(position, &event.vault, &event.authority, event.at)
            });
        }
        Event::RecoveryExecuted(event) => {
            facts.recovery_changes.push(RecoveryChangeRow {
                position,
                recovery: event.recovery.to_bytes(),
                status: RecoveryStatus::Executed,
                approval: None,
                authority: event.new_owner.to_bytes(),
                at: event.at,
            });
            facts.guardian_changes.push(GuardianChangeRow {
                recovery: Some(PendingRecovery::default()),
                ..GuardianChangeRow::new(position, &event.vault, &event.new_owner, event.at)
            });
            facts.vault_changes.push(VaultChangeRow {
                owner: Some(event.new_owner.to_bytes()),
                delegate_epoch: Some(event.delegate_epoch.into()),
                encryption_key: Some(event.new_encryption_key),
                key_epoch: Some(event.key_epoch.into()),
                consent_epoch: Some(event.consent_epoch.into()),
                ..VaultChangeRow::new(position, &event.vault, &event.new_owner, event.at)
            });
        }
        Event::RegistrarAdded(event) => facts.registrars.push(RegistrarRow {
            position,
            registrar: event.registrar.to_bytes(),
            registrar_authority: event.registrar_authority.to_bytes(),
            bump: event.bump.into(),
            kinds: event.kinds.into(),
            profile_commitment: event.profile_commitment,
            authority: event.authority.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            at: event.at,
        }),
        Event::RegistrarRemoved(event) => facts.registrar_removals.push(RegistrarRemovalRow {
            position,
            registrar: event.registrar.to_bytes(),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::CredentialIssued(event) => facts.credentials.push(CredentialRow {
            position,
            credential: event.address().to_bytes(),
            registrar: event.registrar.to_bytes(),
            subject: event.subject.to_bytes(),
            bump: event.bump.into(),
            kind: event.kind,
            terms: event.terms,
            authority: event.authority.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            at: event.at,
        }),
        Event::CredentialRenewed(event) => facts.credential_changes.push(CredentialChangeRow {
            position,
            credential: event.credential.to_bytes(),
            revision: event.revision.into(),
            status: None,
            terms: Some(event.new_terms),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::CredentialStatusChanged(event) => facts.credential_changes.push(CredentialChangeRow {
            position,
            credential: event.credential.to_bytes(),
            revision: event.revision.into(),
            status: Some(event.new_status),
            terms: None,
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::EmergencyPolicySet(event) => facts.vault_changes.push(VaultChangeRow {
            emergency_policy: Some(event.new_emergency_policy.into()),
            ..VaultChangeRow::new(position, &event.vault, &event.authority, event.at)
        }),
        Event::BreakGlassOpened(event) => facts.break_glasses.push(BreakGlassRow {
            position,
            break_glass: event.address().to_bytes(),
            vault: event.vault.to_bytes(),
            break_glass_id: event.break_glass_id,
            bump: event.bump.into(),
            commitment: event.commitment,
            expires_at: event.expires_at,
            authority: event.authority.to_bytes(),
            rent_payer: event.rent_payer.to_bytes(),
            at: event.at,
        }),
        Event::BreakGlassReviewed(event) => facts.break_glass_reviews.push(BreakGlassReviewRow {
            position,
            break_glass: event.break_glass.to_bytes(),
            authority: event.authority.to_bytes(),
            at: event.at,
        }),
        Event::AuditRootAnchored(event) => facts.audit_roots.push(AuditRootRow {
            position,
            audit_root: event.audit_root.to_bytes(),
            operator: event.operator.to_bytes(),
            index: signed("index", event.index)?,
            bump: event.bump.into(),
            tree_size: signed("tree_size", event.tree_size)?,
            root: event.root,
            heads: event.heads,
            rent_payer: event.rent_payer.to_bytes(),
            at: event.at,
        }),
    }
    Ok(())
}

fn signed(name: &'static str, value: u64) -> Result<i64, Reason> {
    i64::try_from(value).map_err(|_| Reason::TooLarge(name))
}
