//! The decision of a receipt, made again.

use std::collections::BTreeSet;

use aegle_client::state::{DAY, Right, period_holds};
use aegle_decision::{
    Action, Basis, ConsentOpening, ConsentView, Decision, Document, Emergency, Key, Labels, Permit, RecordViews,
    Request, RuleId, Verdict, Views, attested, credentials, decide, decide_opening, decide_release, purpose_of, serve,
};
use aegle_disclosure::{Consent, Entry, Operation, Outcome, Released};

use crate::{Bundle, Ledger, Report};

/// What decides an operation.
enum DecidedBy {
    /// The engine: owner, delegates, consents.
    Reading,
    /// Acting for the patient, where delegates with the right may as well.
    Acting(Option<Right>),
    /// A credential of any kind.
    Attestation,
    /// A clinician's statement, and the vault that lets it count.
    Opening,
    /// An opening in effect, to a custodian.
    Release,
    /// What is not on the chain: whose a result, a share or a request is; what custodians keep.
    Other,
}

fn decided_by(operation: Operation) -> DecidedBy {
    use DecidedBy::{Acting, Attestation, Opening, Other, Reading, Release};
    match operation {
        Operation::ListRecords
        | Operation::ReadRecord
        | Operation::ReadContent
        | Operation::ListPatients
        | Operation::CollectShares => Reading,
        Operation::ListDisclosures
        | Operation::ReplaceContent
        | Operation::ListWraps
        | Operation::ListPendingWraps
        | Operation::StoreWraps
        | Operation::ListCustodianShares
        | Operation::DealShares
        | Operation::ListEmergencies => Acting(Some(Right::Read)),
        Operation::PreviewConsent | Operation::StoreConsent | Operation::ListAccessRequests => {
            Acting(Some(Right::Grant))
        }
        Operation::StoreRecord | Operation::ListMail | Operation::AcceptMail => Acting(Some(Right::Mint)),
        Operation::Explain
        | Operation::ListKeyrings
        | Operation::StoreKeyring
        | Operation::GetAgentKey
        | Operation::GetErasure
        | Operation::ListEndings
        | Operation::ListHolds
        | Operation::StoreCustodians
        | Operation::DropCustodians => Acting(None),
        Operation::PostMail => Attestation,
        Operation::OpenEmergency => Opening,
        Operation::FetchShares | Operation::ReleaseShares => Release,
        Operation::ListCustodians
        | Operation::ListReleases
        | Operation::ListConsents
        | Operation::ListGuardianShares
        | Operation::HandGuardianShare
        | Operation::ReadMail
        | Operation::DiscardMail
        | Operation::RequestAccess
        | Operation::EndAccessRequest => Other,
    }
}

/// Decides again at `now`, in seconds since the Unix epoch, and compares.
pub(crate) fn replay(entry: &Entry, bundle: &Bundle, ledger: &Ledger, now: i64) -> Report {
    let statements = bundle.emergencies.iter().filter_map(|emergency| emergency.read().ok()).collect();
    let views = ledger.views(entry, statements);
    let mut again = Again { entry, bundle, ledger, views, now, report: Report::default() };
    again.compare();
    again.report
}

struct Again<'a> {
    entry: &'a Entry,
    bundle: &'a Bundle,
    ledger: &'a Ledger,
    views: Views,
    now: i64,
    report: Report,
}

impl Again<'_> {
    fn compare(&mut self) {
        let refused = match &self.entry.outcome {
            Outcome::Deny { rule, .. } => Some(*rule),
            Outcome::Permit { .. } => None,
        };
        if refused == Some(RuleId::WithdrawalPending) {
            let why =
                "It was refused for a withdrawal on a branch that the chain left, which nobody can look up later.";
            return self.report.not_checked(why);
        }
        if self.entry.vault == Key::default() {
            return self.nobodys(refused);
        }
        match decided_by(self.entry.operation) {
            DecidedBy::Reading if refused == Some(RuleId::EmergencyNotOpened) => {
                self.report.not_checked("Which opening was meant: a refusal names none.");
            }
            DecidedBy::Reading => self.reading(),
            DecidedBy::Opening => self.emergency(|views, emergency, request| {
                // Whether an earlier one was unreviewed is for a refusal to say, which names no opening.
                decide_opening(views, emergency.statement.value(), false, request).map(|credential| vec![credential])
            }),
            DecidedBy::Release => self.emergency(decide_release),
            DecidedBy::Acting(right) => {
                let said = serve(&self.views, &self.entry.caller.key, right, self.now);
                self.same(said.err(), refused);
            }
            DecidedBy::Attestation => {
                if matches!(&self.entry.outcome, Outcome::Permit { credentials, .. } if credentials.is_empty()) {
                    return self.report.not_checked("What was posted before was answered again.");
                }
                let said = attested(&self.views, &self.entry.caller.key, self.now);
                if refused.is_some() && !self.ledger.every_credential {
                    return self
                        .report
                        .not_checked("Whether who asked had a credential: the node lists no registrars.");
                }
                self.same(said.err(), refused);
            }
            DecidedBy::Other => {
                self.report.not_checked("What decides this operation is not on the chain.");
            }
        }
    }

    /// What was done under an opening in an emergency.
    fn emergency(&mut self, decide: impl FnOnce(&Views, &Emergency, &Request) -> Result<Vec<Key>, RuleId>) {
        let Outcome::Permit { credentials, records, .. } = &self.entry.outcome else {
            return self.report.not_checked("Which opening was meant: a refusal names none.");
        };
        let Some(account) = self.entry.break_glass() else {
            return self.report.not_checked("Under which opening: nothing went out, so none is named.");
        };
        let Some(emergency) = self.views.emergencies.iter().find(|emergency| emergency.break_glass == account) else {
            return self.unstated(account);
        };
        let Some(purpose) = purpose_of(&self.entry.purpose) else {
            return self.report.contradicts("The receipt names a purpose of use that does not exist.");
        };
        let request = Request { caller: self.entry.caller, purpose, action: Action::Read, now: self.now };
        let named = &emergency.statement.value().records;
        if let Some(beyond) = records.iter().find(|released| !named.contains(&released.record)) {
            let record = beyond.record;
            return self.report.contradicts(format!("The statement of {account} does not name record {record}."));
        }
        let again = decide(&self.views, emergency, &request);
        self.same(again.as_ref().err().copied(), None);
        self.credentials(again, credentials);
    }

    /// What the chain alone says of an opening.
    fn unstated(&mut self, account: Key) {
        if self.entry.operation == Operation::OpenEmergency {
            return self.report.not_checked("Who opened which records: the statement is not at hand.");
        }
        let opened = self.ledger.opened(self.entry.confirmed_slot, account);
        self.report.check(
            opened.is_some_and(|opened| opened.vault == self.entry.vault && self.now < opened.expires_at),
            format!("The emergency {account} was opened on the chain, and was not over."),
            format!("The emergency {account} was not open on the chain."),
        );
        self.report.not_checked("Which records it opened to whom: its statement is not at hand.");
    }

    /// A refusal for what is not there, such as a result that was taken, follows from nothing on the chain.
    fn same(&mut self, again: Option<RuleId>, said: Option<RuleId>) {
        if again.is_none() && said == Some(RuleId::NotThere) {
            return self.report.not_checked("Whether what was asked for was there: it is not on the chain.");
        }
        let agrees = again == said;
        let (again, said) = (outcome(again), outcome(said));
        self.report.check(
            agrees,
            format!("Decided again from the chain: {again}."),
            format!("Decided again from the chain: {again}. The receipt says: {said}."),
        );
        self.report.replayed = agrees;
    }

    /// A request about nothing that exists.
    fn nobodys(&mut self, refused: Option<RuleId>) {
        let Some(record) = self.entry.record else {
            return self.report.not_checked("The log names no vault, so there is nothing to look up.");
        };
        let there = self.ledger.is_minted(record, self.entry.finalized_slot);
        let agrees = !there && refused == Some(RuleId::NoVault);
        self.report.check(
            agrees,
            "There was no such record on the chain.",
            "The receipt says that there was no such record, and it is on the chain.",
        );
        self.report.replayed = agrees;
    }

    fn reading(&mut self) {
        let Some(purpose) = purpose_of(&self.entry.purpose) else {
            return self.report.contradicts("The receipt names a purpose of use that does not exist.");
        };
        let Entry { caller, .. } = *self.entry;
        let request = Request { caller, purpose, action: Action::Read, now: self.now };
        let openings = self.openings();
        match &self.entry.outcome {
            Outcome::Permit { consents, credentials, records } => {
                self.permitted(&request, &openings, consents, credentials, records);
            }
            Outcome::Deny { rule, consent } => self.refused(&request, &openings, *rule, *consent),
        }
    }

    /// The openings at hand that name who asked, each held against the chain.
    fn openings(&mut self) -> Vec<ConsentOpening> {
        let mut openings = Vec::new();
        for opening in &self.bundle.consents {
            let Some(view) = self.views.confirmed.consents.iter().find(|view| view.consent == opening.consent) else {
                continue;
            };
            let Ok(opening) = opening.read() else {
                self.report.not_checked(format!("The policy of consent {} cannot be read.", view.consent));
                continue;
            };
            let what = format!("grantee and policy of consent {}", view.consent);
            self.report.check(
                opening.opens(&self.entry.vault, view),
                format!("The opening gives the {what} that the chain committed to."),
                format!("The opening does not give the {what} that the chain committed to."),
            );
            openings.push(opening);
        }
        openings
    }

    fn permitted(
        &mut self,
        request: &Request,
        openings: &[ConsentOpening],
        consents: &[Consent],
        named: &[Key],
        records: &[Released],
    ) {
        for consent in consents {
            self.consent(request, consent);
        }
        let opened = |consent: &Consent| openings.iter().any(|opening| opening.consent == consent.consent);
        let closed: Vec<_> = consents.iter().filter(|consent| !opened(consent)).collect();
        if !closed.is_empty() {
            for consent in closed {
                self.report.not_checked(format!(
                    "Whom consent {} names and what its policy covers: its opening is not at hand.",
                    consent.consent
                ));
            }
            self.credentials(credentials(&self.views, request), named);
            return self.records_exist(records);
        }
        let stated = |account: &Key| self.bundle.emergencies.iter().any(|emergency| emergency.break_glass == *account);
        if let Some(account) = self.entry.break_glass().filter(|account| !stated(account)) {
            return self.unstated(account);
        }
        let permit = match decide(&self.views, openings, request) {
            Decision::Permit(permit) => permit,
            Decision::Deny(denial) => {
                return self.report.contradicts(format!(
                    "Decided again from the chain and the openings: refused, {}. The receipt says: permitted.",
                    name(denial.rule)
                ));
            }
        };
        let stood: BTreeSet<Key> = match &permit.basis {
            Basis::Consents(consents) => consents.iter().copied().collect(),
            Basis::Owner | Basis::Delegate | Basis::Emergencies(_) => BTreeSet::new(),
        };
        let claimed: BTreeSet<Key> = consents.iter().map(|consent| consent.consent).collect();
        let capacity = match &permit.basis {
            Basis::Owner => "permitted, as the owner".to_owned(),
            Basis::Delegate => "permitted, as a delegate".to_owned(),
            Basis::Consents(consents) => format!("permitted, by {} consents", consents.len()),
            Basis::Emergencies(openings) => format!("permitted, by {} openings in an emergency", openings.len()),
        };
        let same = self.report.check(
            stood == claimed,
            format!("Decided again from the chain and the openings: {capacity}."),
            format!("Decided again from the chain and the openings: {capacity}, others than the receipt names."),
        );
        self.credentials(Ok(permit.credentials.clone()), named);
        self.report.replayed = same && self.records(&permit, records);
    }

    /// What the chain alone says of a consent that stood.
    fn consent(&mut self, request: &Request, named: &Consent) {
        let consent = named.consent;
        let find = |views: &aegle_decision::ChainView| {
            let found = views.consents.iter().find(|view| view.consent == consent).copied();
            found.zip(views.vault)
        };
        let (Some((at_finality, vault_at_finality)), Some((view, vault))) =
            (find(&self.views.finalized), find(&self.views.confirmed))
        else {
            return self.report.contradicts(format!("Consent {consent} was not on the chain, final, when it decided."));
        };
        let wrong = [
            (view.policy_commitment != named.policy_commitment.0, "it has another policy on the chain"),
            (view.revoked || at_finality.revoked, "it was revoked"),
            (view.consent_epoch != vault.consent_epoch, "all consents were revoked since"),
            (at_finality.consent_epoch != vault_at_finality.consent_epoch, "all consents were revoked since"),
            (!period_holds(view.from_day, view.until_day, self.now), "it was not within its days"),
            (view.purposes & request.purpose as u16 == 0, "it is not for this purpose"),
            (view.actions & request.action as u8 == 0, "it does not cover reading"),
        ];
        match wrong.iter().find(|(so, _)| *so) {
            Some((_, why)) => self.report.contradicts(format!("Consent {consent} did not stand: {why}.")),
            None => self.report.holds_that(format!(
                "Consent {consent} stood on the chain: policy as named, not revoked, {} days left, for this purpose.",
                left(&view, self.now)
            )),
        }
    }

    fn credentials(&mut self, again: Result<Vec<Key>, RuleId>, named: &[Key]) {
        let agrees = again.as_deref() == Ok(named);
        let again = again.map_or_else(name, |keys| format!("{} credentials", keys.len()));
        if named.is_empty() && agrees {
            return;
        }
        self.report.check(
            agrees,
            format!("Who asked had the {again} that the receipt names, in effect."),
            format!("Decided again from the chain, who asked had others than the credentials it names: {again}."),
        );
    }

    /// Whether each record that went out is one that the permission covers.
    fn records(&mut self, permit: &Permit, records: &[Released]) -> bool {
        let (mut covered, mut all) = (0, true);
        for released in records {
            if self.entry.record.is_some_and(|record| record != released.record) {
                self.report.contradicts(format!("Record {} went out, and another was asked for.", released.record));
                return false;
            }
            let views = self.ledger.record(self.entry, released.record);
            let labels = self.labels(released.record, &views);
            let verdict = permit.filter.admits(&views, labels.as_ref().map(Document::value));
            let again = (verdict.permits(), verdict.rule(), verdict.consent());
            if verdict.rule() == RuleId::LabelsMissing {
                self.report.not_checked(format!(
                    "Whether the policy covers record {}: what opens its labels is not at hand.",
                    released.record
                ));
                all = false;
            } else if again == (true, released.rule, released.consent) {
                covered += 1;
            } else {
                self.report.contradicts(format!(
                    "Record {} went out by {}. Decided again: {}, {}.",
                    released.record,
                    name(released.rule),
                    if verdict.permits() { "permitted" } else { "withheld" },
                    name(verdict.rule())
                ));
                all = false;
            }
        }
        if covered > 0 {
            self.report.holds_that(format!("{covered} records went out, by the rules and consents that cover them."));
        }
        all
    }

    fn records_exist(&mut self, records: &[Released]) {
        for released in records {
            let views = self.ledger.record(self.entry, released.record);
            self.report.check(
                views.confirmed.is_some(),
                format!("Record {} was on the chain; whether the policy covers it was not checked.", released.record),
                format!("Record {} went out, and was not on the chain in this vault.", released.record),
            );
        }
    }

    /// Labels of a record that are those the chain committed to.
    fn labels(&mut self, record: Key, views: &RecordViews) -> Option<Document<Labels>> {
        let opened = self.bundle.records.iter().find(|opened| opened.record == record)?;
        let commitment = views.confirmed?.commitment;
        if opened.opening.commitment() == commitment {
            return Some(opened.opening.labels.clone());
        }
        self.report.contradicts(format!("The labels of record {record} are not those that the chain committed to."));
        None
    }

    fn refused(&mut self, request: &Request, openings: &[ConsentOpening], rule: RuleId, nearest: Option<Key>) {
        let decision = decide(&self.views, openings, request);
        let (mut labelled, mut verdict) = (true, None);
        if let Some(record) = self.entry.record {
            let views = self.ledger.record(self.entry, record);
            let labels = self.labels(record, &views);
            labelled = labels.is_some() || views.confirmed.is_none();
            verdict = Some(decision.verdict(&views, labels.as_ref().map(Document::value)));
        }
        let again = match (&decision, verdict) {
            (_, Some(Verdict::Deny { rule, consent })) => Some((rule, consent)),
            (Decision::Deny(denial), None) => Some((denial.rule, denial.nearest())),
            (_, _) => None,
        };
        if again == Some((rule, nearest)) {
            let what = format!("Decided again from the chain and the openings: refused, {}.", name(rule));
            self.report.holds_that(what);
            self.report.replayed = true;
            return;
        }
        // More openings never bring a refusal further from a permit.
        let unopened = nearest.is_some_and(|consent| openings.iter().all(|opening| opening.consent != consent));
        let unlabelled = !labelled && again.is_some_and(|(again, _)| again == RuleId::LabelsMissing);
        let unlisted = credential_rule(rule) && !self.ledger.every_credential;
        let nearer = again.is_some_and(|(again, _)| again > rule);
        if (unopened || unlabelled || unlisted) && again.is_some() && (!nearer || unlabelled) {
            if let Some(consent) = nearest.filter(|_| unopened) {
                let view = self.views.confirmed.consents.iter().find(|view| view.consent == consent).copied();
                self.unopened(consent, view, rule);
            }
            let what = "Whether it had to be refused: an opening of a consent or of labels is not at hand.";
            return self.report.not_checked(what);
        }
        let again = again.map(|(rule, _)| rule);
        self.report.contradicts(format!(
            "Decided again from the chain and the openings: {}. The receipt says: {}.",
            outcome(again),
            outcome(Some(rule))
        ));
    }

    /// What the chain alone says of why a consent did not stand.
    fn unopened(&mut self, consent: Key, view: Option<ConsentView>, rule: RuleId) {
        let (Some(view), Some(vault)) = (view, self.views.confirmed.vault) else {
            return self
                .report
                .contradicts(format!("Consent {consent} is not on the chain, and the receipt names it."));
        };
        let so = match rule {
            RuleId::Revoked => view.revoked,
            RuleId::EarlierEpoch => view.consent_epoch != vault.consent_epoch,
            RuleId::Expired => self.now >= i64::from(view.until_day) * DAY,
            RuleId::NotYetInEffect => self.now < i64::from(view.from_day) * DAY,
            _ => return,
        };
        self.report.check(
            so,
            format!("The chain says the same of consent {consent}: {}.", name(rule)),
            format!("The chain says otherwise of consent {consent} than: {}.", name(rule)),
        );
    }
}

/// Whether a refusal depends on which credentials there are.
fn credential_rule(rule: RuleId) -> bool {
    (RuleId::CredentialMissing..=RuleId::PractitionerUnqualified).contains(&rule)
}

fn left(consent: &ConsentView, now: i64) -> i64 {
    i64::from(consent.until_day) - now.div_euclid(DAY)
}

fn outcome(refused: Option<RuleId>) -> String {
    refused.map_or_else(|| "permitted".to_owned(), |rule| format!("refused, {}", name(rule)))
}

/// The rule as `docs/access.md` lists it.
fn name(rule: RuleId) -> String {
    let value = serde_json::to_value(rule).unwrap_or_default();
    let name = value["rule"].as_str().unwrap_or_default();
    value["index"].as_u64().map_or_else(|| name.to_owned(), |index| format!("{name} {index}"))
}
