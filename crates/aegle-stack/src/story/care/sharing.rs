//! What is sent to the patient, and what she lets others see.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    time::Duration,
};

use aegle_api_client::{
    Secrets, Session, agent, consent, mailbox, open_message,
    record::{self, Draft, Issuance, Issuer, Query, Sealed},
    wire::KeyState,
};
use aegle_client::state::{Action, Consent, Purpose};
use aegle_decision::{
    Base, Document, Key, Labels, Policy, PolicyVersion, Preview, PreviewVersion, Rule, RuleId, Verdict,
};
use aegle_envelope::Binding;
use anyhow::{Context, bail, ensure};
use rand::Rng;
use tokio::time::{Instant, sleep};

use super::{
    SCAN_BYTES, Stage, key_of, labels,
    people::{Patient, Professional, Staff},
    quiet,
};
use crate::{markers::Places, story::VaultOutcome};

const PURPOSE: Purpose = Purpose::Treatment;
const POLL: Duration = Duration::from_millis(200);

/// What is allowed, and by which consents.
pub struct Share {
    /// The practitioner's.
    pub consent: Key,
    pub open: BTreeSet<Key>,
    /// Sensitive.
    pub psychiatric: Key,
    /// Excepted by the patient.
    pub exception: Key,
    /// Sent and signed by the practitioner.
    pub result: Key,
    /// The largest.
    pub scan: Key,
    pub practitioner: Session,
    pub organization: Session,
}

impl Share {
    /// How many records the patient has.
    pub fn records(&self) -> usize {
        self.open.len() + 2
    }
}

/// The practitioner asks for access and posts a signed result; the server's agent, which can read nothing, mints it.
pub async fn mail(stage: &Stage<'_>, patient: &Patient, staff: &Staff) -> anyhow::Result<Key> {
    let (mut rng, vault) = (stage.fork(), patient.vault());
    stage.finalized(&patient.delegated).await?;
    let practitioner = stage.sign_in(&staff.practitioner.wallet).await?;
    let ask = (PURPOSE as u16, Action::Read as u8);
    let message: String = (0..24).map(|_| char::from(rng.gen_range(b'a'..=b'z'))).collect();
    practitioner.request_access(stage.reader(), vault, ask, Some(&message), &mut rng).await?;
    let asked = patient.session.access_requests(Some(vault)).await?;
    let [request] = &asked[..] else { bail!("{} access requests", asked.len()) };
    let sealed = request.message.as_deref().context("an access request without its message")?;
    ensure!(open_message(vault, &patient.unlocked.secrets(), sealed)? == message, "another message");
    stage.plant("marker:message", message.as_bytes());

    let finding: String = (0..24).map(|_| char::from(rng.gen_range(b'a'..=b'z'))).collect();
    let content = format!(
        "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"Potassium\"}},\
         \"note\":[{{\"text\":\"{finding}\"}}]}}"
    );
    stage.plant("marker:finding", finding.as_bytes());
    let draft = Draft {
        labels: Labels { author: Some(staff.practitioner.key()), ..labels("laboratory", &["Observation"])? },
        media_type: aegle_fhir::MEDIA_TYPE.into(),
        title: Some("Potassium".into()),
        codes: Vec::new(),
        author: None,
        issued: None,
    };
    let issuer = Issuer { credential: staff.practitioner.credential, key: &staff.practitioner.wallet };
    let sealed = Sealed::new(vault, draft, &mut Cursor::new(&content), Some(issuer), &mut rng)?;
    let posted = mailbox::post(&practitioner, stage.reader(), sealed, &mut rng, &quiet).await?;

    // Nobody here takes it in.
    let (session, purpose) = (&patient.session, Purpose::PatientRequest);
    let deadline = Instant::now() + super::WITHIN;
    let result = loop {
        let held = record::list(session, purpose, vault, &Query::default()).await?;
        match held.iter().find(|held| held.opening.commitment() == posted.opening.commitment()) {
            Some(minted) => break minted.record,
            None => ensure!(Instant::now() < deadline, "the agent makes no record of the result"),
        }
        sleep(POLL).await;
    };
    ensure!(mailbox::list(session, Some(vault)).await?.is_empty(), "the result is a record and waits all the same");
    let state = agent::key(session, vault).await?;
    ensure!(state.in_effect && state.key == Key(patient.agent.to_bytes()), "the agent is no delegate");
    let mut found = Vec::new();
    let secrets = patient.unlocked.secrets();
    record::open(session, stage.reader(), &secrets, purpose, result, &mut found, &quiet).await?;
    ensure!(found == content.as_bytes(), "the patient reads another result than the one sent");
    Ok(result)
}

/// Grants what a preview showed to the practitioner and to the organization.
pub async fn grant(
    stage: &Stage<'_>,
    patient: &Patient,
    staff: &Staff,
    result: Key,
) -> anyhow::Result<(String, Share)> {
    let vault = patient.vault();
    let all = record::list(&patient.session, Purpose::PatientRequest, vault, &Query::default()).await?;
    let labelled = |what: &str, is: &dyn Fn(&Labels) -> bool| {
        let found = all.iter().find(|held| is(held.opening.labels.value()));
        found.map(|held| held.record).with_context(|| format!("no record is labelled {what}"))
    };
    let (sensitive, vaccine) = ("PSY".parse()?, "Immunization".parse()?);
    let psychiatric = labelled("PSY", &|labels| labels.sensitivity.contains(&sensitive))?;
    let exception = labelled("Immunization", &|labels| labels.types.contains(&vaccine))?;
    let scan = all.iter().max_by_key(|held| held.size).context("no records")?;
    ensure!(scan.size > SCAN_BYTES as u64, "the scan is not among the records");
    let policy = Policy {
        kind: PolicyVersion::V1,
        base: Base::AllNormal,
        permit: Vec::new(),
        deny: vec![Rule { records: [exception].into(), ..Rule::default() }],
        sensitivity: [].into(),
        erase_by: None,
        preview: None,
        recipient: None,
    };
    let purposes = PURPOSE as u16;
    let shown = consent::draft(&patient.session, vault, purposes, &policy).await?;
    let consent = allow(stage, patient, &staff.practitioner, &policy, &shown).await?;
    allow(stage, patient, &staff.organization, &policy, &shown).await?;

    // What the chain has is the policy that holds the hash of what was shown.
    let held = consent::list(&patient.session, vault).await?;
    let held = held.iter().find(|held| held.consent == consent).context("the consent is not kept")?;
    let signed = Document::<Policy>::read(held.policy.clone().into_bytes())?;
    let on_chain: Consent = stage.reader().account("consent", &consent.0.into()).await?;
    ensure!(on_chain.policy_commitment == signed.commitment(&held.policy_salt.0), "another policy is on chain");
    let open: BTreeSet<Key> = shown.records.iter().copied().collect();
    let kind = PreviewVersion::V1;
    let preview = Preview { kind, vault, purposes, records: open.clone(), withheld: shown.withheld };
    ensure!(signed.value().preview == Some(Document::new(preview).hash()), "the policy names another preview");
    ensure!(shown.withheld == 2 && open.len() + 2 == all.len(), "{} records are withheld", shown.withheld);
    let text = format!("{} records, {} withheld", open.len(), shown.withheld);

    let practitioner = stage.sign_in(&staff.practitioner.wallet).await?;
    let (organization, acting) = (&staff.organization.wallet, &staff.acting.wallet);
    let organization = Session::sign_in(&stage.api, organization, Some(acting)).await?;
    let scan = scan.record;
    Ok((text, Share { consent, open, psychiatric, exception, result, scan, practitioner, organization }))
}

/// Grants, and waits until that is final.
async fn allow(
    stage: &Stage<'_>,
    patient: &Patient,
    grantee: &Professional,
    policy: &Policy,
    shown: &consent::Shown,
) -> anyhow::Result<Key> {
    let mut rng = stage.fork();
    let pay = patient.pay(stage).await?;
    let key = consent::key_of(&patient.session, &pay, &grantee.key()).await?;
    ensure!(key == Some(grantee.encryption_key), "another key is attested");
    let grant = consent::Grant {
        grantee: grantee.key(),
        encryption_key: grantee.encryption_key,
        purposes: PURPOSE as u16,
        actions: Action::Read as u8,
        from_day: stage.today,
        until_day: stage.today + 30,
        policy: policy.clone(),
    };
    let (session, wallet, unlocked) = (&patient.session, &patient.wallet, &patient.unlocked);
    let granted = consent::grant(session, &pay, wallet, unlocked, grant, shown, &mut rng).await?;
    ensure!(granted.wrapped == shown.records.len(), "{} keys were encrypted", granted.wrapped);
    stage.confirmed(&granted.sent).await?;
    Ok(granted.consent)
}

/// The practitioner reads everything that is open, and who issued it.
pub async fn read(stage: &Stage<'_>, staff: &Staff, share: &Share) -> anyhow::Result<(String, ())> {
    let slot = stage.reader().rpc().get_slot().await?;
    stage.api.reached(slot, true, super::WITHIN).await?;
    let patients = record::patients(&share.practitioner, PURPOSE).await?;
    let [patient] = &patients[..] else { bail!("{} patients", patients.len()) };
    let held = record::list(&share.practitioner, PURPOSE, patient.patient, &Query::default()).await?;
    let listed: BTreeSet<Key> = held.iter().map(|held| held.record).collect();
    ensure!(listed == share.open, "{} records are listed, {} were shown", listed.len(), share.open.len());
    let (mut verified, mut bytes) = (0, 0);
    for held in &held {
        let content = open(stage, &share.practitioner, &staff.practitioner.secrets, PURPOSE, held.record).await?;
        bytes += content.0.len();
        match content.1 {
            Issuance::Signed { issue, credential } if credential.in_effect => {
                let named = (issue.credential, issue.issuer);
                ensure!(named == (staff.practitioner.credential, staff.practitioner.key()), "another issuer");
                verified += 1;
            }
            Issuance::Unsigned => ensure!(held.record != share.result, "the result is not signed"),
            other => bail!("{}: {other:?}", held.record),
        }
        // The key that the server must never have had.
        if let KeyState::Wrapped { recipient, wrapped_key, .. } = &held.key
            && let Some(secret) = staff.practitioner.secrets.of(recipient)
        {
            let key = wrapped_key.0.open(&Binding::Record(held.record), secret)?;
            stage.plant("a content key", &*key.to_bytes());
        }
    }
    ensure!(verified == 1, "{verified} signatures verify");
    Ok((format!("{} records, {bytes} bytes, {verified} signed", held.len()), ()))
}

/// A record's content and who issued it.
pub async fn open(
    stage: &Stage<'_>,
    session: &Session,
    secrets: &Secrets,
    purpose: Purpose,
    record: Key,
) -> anyhow::Result<(Vec<u8>, Issuance)> {
    let mut content = Vec::new();
    let opened = record::open(session, stage.reader(), secrets, purpose, record, &mut content, &quiet).await?;
    Ok((content, opened.issuer))
}

pub async fn act_for_organization(stage: &Stage<'_>, staff: &Staff, share: &Share) -> anyhow::Result<()> {
    let acting = Some(staff.acting.key());
    ensure!(share.organization.entry().practitioner == acting, "the session does not name who acts");
    let secrets = &staff.organization.secrets;
    let (content, issuer) = open(stage, &share.organization, secrets, PURPOSE, share.result).await?;
    ensure!(issuer.holds() && !content.is_empty(), "the result is not what it should be");
    let alone = stage.sign_in(&staff.organization.wallet).await?;
    refused(&alone, PURPOSE, share.result, "an organization alone").await
}

/// What is sensitive or excepted is refused, and so is what is not there.
pub async fn withheld(stage: &Stage<'_>, staff: &Staff, share: &Share) -> anyhow::Result<()> {
    for record in [share.psychiatric, share.exception, Key([7; 32])] {
        refused(&share.practitioner, PURPOSE, record, "a withheld record").await?;
    }
    refused(&share.practitioner, Purpose::FamilyRequest, share.result, "another purpose").await?;
    let stranger = stage.sign_in(&staff.acting.wallet).await?;
    refused(&stranger, PURPOSE, share.result, "who was granted nothing").await
}

/// The server must not give this.
pub async fn refused(session: &Session, purpose: Purpose, record: Key, what: &str) -> anyhow::Result<()> {
    match record::get(session, purpose, record).await {
        Err(error) if error.is("not_permitted") => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{what} is refused for another reason")),
        Ok(_) => bail!("{what} is not refused"),
    }
}

pub async fn explain(patient: &Patient, staff: &Staff, share: &Share) -> anyhow::Result<(String, ())> {
    let grantee = staff.practitioner.key();
    let explained = consent::explain(&patient.session, patient.vault(), grantee, PURPOSE).await?;
    ensure!(explained.refusal.is_none(), "nothing would be seen: {:?}", explained.refusal);
    let verdict = |record: Key| {
        let found = explained.records.iter().find(|explained| explained.record == Some(record));
        found.map(|explained| explained.verdict).context("a record is not explained")
    };
    for record in &share.open {
        let verdict = verdict(*record)?;
        ensure!(verdict.permits(), "{record} would be refused: {verdict:?}");
    }
    for (record, because) in
        [(share.psychiatric, RuleId::Sensitivity), (share.exception, RuleId::Exception { index: 0 })]
    {
        let verdict = verdict(record)?;
        let right = matches!(&verdict, Verdict::Deny { consent: Some(consent), rule }
            if *consent == share.consent && *rule == because);
        ensure!(right, "{record}: {verdict:?}, expected {because:?}");
    }
    let open = explained.records.iter().filter(|explained| explained.verdict.permits()).count();
    Ok((format!("{open} open, one sensitive, one excepted"), ()))
}

/// What the chain should show of the patient's vault afterwards.
pub fn outcome(patient: &Patient, share: &Share) -> VaultOutcome {
    VaultOutcome {
        vault: patient.vault().0.into(),
        records: BTreeMap::from([("active", share.records())]),
        consents: BTreeMap::from([("revoked", 1), ("out_of_epoch", 1)]),
        delegates: 1,
        key_epoch: 1,
        expiring: None,
    }
}

/// Looks for everything that was planted, while the new owner lists the records.
pub async fn search(stage: &Stage<'_>, patient: &Patient) -> anyhow::Result<(String, ())> {
    let places = Places::of(stage.settings, stage.indexer)?;
    let (wallet, session) = patient.heir.as_ref().context("nobody recovered the vault")?;
    let (vault, purpose) = (patient.vault(), Purpose::PatientRequest);
    let held = record::list(session, purpose, vault, &Query::default()).await?;
    let study = held.iter().find_map(|held| held.opening.labels.value().study);
    let study = study.context("no record has a study")?.to_string();
    ensure!(session.wallet() == key_of(wallet), "another session");
    let busy = tokio::spawn({
        let session = session.clone();
        async move {
            loop {
                // Only that the server has it in hand counts.
                drop(record::list(&session, purpose, vault, &Query::default()).await);
            }
        }
    });
    let planted = stage.planted.take();
    let found = planted.search(&places, study.as_bytes()).await;
    busy.abort();
    Ok((found?, ()))
}
