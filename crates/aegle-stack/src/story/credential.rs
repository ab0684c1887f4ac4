//! A medical board attests a practitioner, and takes it back until further notice.

use aegle_client::{
    Pubkey,
    aegle::{AddRegistrarParams, IssueCredentialParams},
    commitment::commit,
    instruction, pda,
    state::{CredentialKind, CredentialTerms},
};
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::{PatientStory, Promise, Promises, keypair};

/// Plays the credential; returns what held.
pub async fn play(story: PatientStory, governance: &Keypair) -> Vec<Promise> {
    let mut promises = Promises::default();
    steps(story, governance, &mut promises).await;
    promises.0
}

async fn steps(mut story: PatientStory, governance: &Keypair, promises: &mut Promises) -> Option<()> {
    let (board, subject) = (keypair(&mut story.rng), keypair(&mut story.rng).pubkey());
    let issued = issue(&mut story, governance, &board, subject).await;
    let credential = promises.note("a registrar issues a credential", issued)?;
    let suspended = suspend(&story, &board, subject, credential).await;
    promises.note("the credential is suspended, and the API says so", suspended)
}

async fn issue(
    story: &mut PatientStory,
    governance: &Keypair,
    board: &Keypair,
    subject: Pubkey,
) -> anyhow::Result<Pubkey> {
    let payer = story.operator.payer();
    let params = AddRegistrarParams {
        authority: board.pubkey(),
        kinds: CredentialKind::Practitioner.bit(),
        profile_commitment: commit(&story.bytes(), b"{\"name\":\"Medical Board\"}"),
    };
    story.send("add a registrar", instruction::add_registrar(governance.pubkey(), payer, params), governance).await?;
    let terms = CredentialTerms {
        emergency: true,
        encryption_key: story.bytes(),
        profile_commitment: commit(&story.bytes(), b"{\"specialty\":\"cardiology\"}"),
        from_day: story.today,
        until_day: story.today + 365,
    };
    let params = IssueCredentialParams { subject, kind: CredentialKind::Practitioner, terms };
    story.send("issue a credential", instruction::issue_credential(board.pubkey(), payer, params), board).await?;
    let credential = pda::find_credential(&pda::find_registrar(&board.pubkey()).0, &subject).0;
    story.shown(&format!("credentials/{credential}"), "/in_effect", true).await?;
    Ok(credential)
}

async fn suspend(story: &PatientStory, board: &Keypair, subject: Pubkey, credential: Pubkey) -> anyhow::Result<()> {
    let suspend = instruction::suspend_credential(board.pubkey(), &subject);
    story.send("suspend a credential", suspend, board).await?;
    let path = format!("credentials/{credential}");
    story.shown(&path, "/reason", "suspended").await?;
    story.shown(&path, "/in_effect", false).await
}
