//! What patients allowed is read through the API, and held against what was generated; what they did not
//! allow, or allow no more, is refused.

use std::collections::BTreeMap;

use aegle_api_client::{
    Api, Origin, Session,
    record::{self, Issuance},
};
use anyhow::{Context, bail, ensure};
use rand::{SeedableRng, seq::IteratorRandom};
use rand_chacha::ChaCha20Rng;

use super::{
    Outcome, Promise, Promises, WITHIN,
    consent::Grantee,
    patient::{Reading, Shelf},
    provider::{Providers, Reader, Role},
    recovery::Recovered,
};
use crate::operator::Operator;

/// Reads of every patient, as somebody whom the patient let in, once all of it is final, and what the
/// recovered vault has. `seed` chooses.
pub async fn play(
    operator: &Operator,
    url: &str,
    outcome: &Outcome,
    recovered: Option<Recovered>,
    seed: u64,
) -> Vec<Promise> {
    let mut promises = Promises::default();
    let Some(providers) = &outcome.providers else { return promises.0 };
    let begun = async {
        let api = Api::new(url, Origin::of(url)?)?;
        api.reached(outcome.last_slot, true, WITHIN).await?;
        anyhow::Ok(Readers { operator, api, providers, sessions: BTreeMap::new() })
    };
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let Some(mut readers) = promises.note("everybody who is let in finds the story final", begun.await) else {
        return promises.0;
    };
    let read = readers.read_back(&outcome.shelves, &mut rng).await;
    promises.tell("a random record of each patient opens for a permitted reader to what was generated", read);
    let refused = readers.refused(&outcome.shelves, &mut rng).await;
    promises.tell("what a policy withholds, and what is erased or allowed no more, is refused", refused);
    if let Some(mut recovered) = recovered {
        let what = "guardians' shares open what the thief could have read, encrypted to a new key";
        promises.note(what, recovered.read_again().await);
    }
    promises.0
}

struct Readers<'a> {
    operator: &'a Operator,
    api: Api,
    providers: &'a Providers,
    /// Of providers; relatives sign in each time.
    sessions: BTreeMap<Role, Session>,
}

impl<'a> Readers<'a> {
    /// Whoever has this reading, signed in; none where nobody attests providers.
    async fn who(&mut self, shelf: &'a Shelf, reading: &Reading) -> anyhow::Result<Option<(&'a Reader, Session)>> {
        let role = match reading.kind.grantee {
            Grantee::Provider(role) => role,
            Grantee::Relative => {
                let session = Session::sign_in(&self.api, &shelf.relative.wallet, None).await?;
                return Ok(Some((&shelf.relative, session)));
            }
        };
        let reader = self.providers.of(role)?;
        if reader.credential.is_none() {
            return Ok(None);
        }
        let session = match self.sessions.get(&role) {
            Some(session) => session.clone(),
            None => self.sessions.entry(role).or_insert(self.providers.sign_in(&self.api, role).await?).clone(),
        };
        Ok(Some((reader, session)))
    }

    async fn read_back(&mut self, shelves: &'a [Shelf], rng: &mut ChaCha20Rng) -> anyhow::Result<(String, ())> {
        let (mut records, mut resources, mut signed) = (0, 0, 0);
        for shelf in shelves {
            let readings = shelf.readings.iter().filter(|reading| !reading.is_over && !reading.open.is_empty());
            let Some(reading) = readings.choose(rng) else { continue };
            let Some((reader, session)) = self.who(shelf, reading).await? else { continue };
            let key = *reading.open.iter().choose(rng).context("nothing is open")?;
            let (node, purpose, mut content) = (self.operator.sender.reader(), reading.kind.purpose, Vec::new());
            let opened = record::open(&session, node, &reader.secrets, purpose, key, &mut content, &|_, _| {});
            let what = || format!("record {key} of patient {}, for {purpose:?}", shelf.number + 1);
            let opened = opened.await.with_context(what)?;
            let kept = shelf.records.iter().find(|kept| kept.record == key).with_context(what)?;
            ensure!(shelf.content(kept).as_ref() == Some(&content), "{} is another one", what());
            resources += shelf.life.recognises(&content).with_context(what)?.values().sum::<usize>();
            match opened.issuer {
                Issuance::Unsigned => {}
                issuer if issuer.holds() => signed += 1,
                issuer => bail!("{}: {issuer:?}", what()),
            }
            records += 1;
        }
        let attested = self.providers.iter().all(|provider| provider.credential.is_some());
        ensure!(records > 0 && (!attested || records == shelves.len()), "only {records} patients let anybody in");
        Ok((format!("{records} records, {resources} resources, {signed} signed by who was visited"), ()))
    }

    async fn refused(&mut self, shelves: &'a [Shelf], rng: &mut ChaCha20Rng) -> anyhow::Result<(String, ())> {
        let (mut withheld, mut over) = (0, 0);
        for shelf in shelves {
            for reading in &shelf.readings {
                let records = if reading.is_over { &reading.open } else { &reading.withheld };
                let Some(key) = records.iter().choose(rng) else { continue };
                let Some((_, session)) = self.who(shelf, reading).await? else { continue };
                let found = record::get(&session, reading.kind.purpose, *key).await;
                let refused = found.is_err_and(|error| error.is("not_permitted"));
                let what = if reading.is_over { "whose consent is over" } else { "who is not let see it" };
                ensure!(refused, "record {key} of patient {} shows to one {what}", shelf.number + 1);
                *(if reading.is_over { &mut over } else { &mut withheld }) += 1;
            }
        }
        ensure!(withheld > 0 && over > 0, "{withheld} withheld and {over} over: too few");
        Ok((format!("{withheld} withheld, {over} no longer allowed"), ()))
    }
}
