//! Letting the server's agent take in what is sent to a patient, and stopping it.

use aegle_api_client::agent::{self, AgentKey};
use aegle_client::{
    Pubkey,
    aegle::AddDelegateParams,
    instruction, pda,
    state::{Right, Vault},
};

use crate::{Answer, Context, Problem, server::key, time};

/// The agent's key for this vault, as the server names it to the owner.
async fn ask(vault: &Pubkey, context: &Context) -> Result<(Pubkey, bool), Problem> {
    let session = context.session().await?;
    let AgentKey { key, in_effect } = context.wait("Asking the server", agent::key(session, key(vault))).await?;
    Ok((key.0.into(), in_effect))
}

/// Adds the agent's key with the right to mint alone.
pub async fn allow(address: &Pubkey, until: u32, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let vault: Vault = signing.reader().account("vault", address).await?;
    signing.require_owner(&vault)?;
    let (agent, in_effect) = ask(address, context).await?;
    if in_effect {
        return Ok(answer("The server's agent takes in what is sent to you already.", address, &agent));
    }
    let params = AddDelegateParams {
        key: agent,
        rights: Right::Mint as u8,
        until_day: until,
        expected: instruction::expected(&vault),
    };
    let sent = context.send(instruction::add_delegate(*address, signing.payer(), params), &signing).await?;
    let message = format!(
        "What is sent to you now becomes a record by itself, until {} begins (UTC). The server's agent that does so \
         cannot read it, and may do nothing else for you. `aegle delegate remove --agent` stops it.",
        time::say_day(until, time::local_now())
    );
    Ok(answer(&message, address, &agent)
        .with("rights", ["mint"])
        .with("until", time::iso_day(until))
        .sent(&sent, context.commitment()))
}

/// Removes the agent's key, at once and for good; another one may be added later.
pub async fn stop_allowing(address: &Pubkey, context: &Context) -> Result<Answer, Problem> {
    let signing = context.signing().await?;
    let (agent, in_effect) = ask(address, context).await?;
    if !in_effect {
        return Ok(Answer::new("The server's agent does not act for you.").address("vault", address));
    }
    let sent = context.send(instruction::remove_delegate(*address, signing.key(), &agent), &signing).await?;
    let message = "The server's agent no longer takes in what is sent to you. What it took in stays yours.";
    Ok(answer(message, address, &agent).sent(&sent, context.commitment()))
}

fn answer(message: &str, vault: &Pubkey, agent: &Pubkey) -> Answer {
    Answer::new(message)
        .address("delegate", &pda::find_delegate(vault, agent).0)
        .address("vault", vault)
        .address("key", agent)
}
