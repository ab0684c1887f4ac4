//! Which key the server's agent acts by, and who learns it.

use aegle_client::{pda, state::Right};
use aegle_indexer::agent::AgentKeys;
use serde_json::json;
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use sqlx::PgPool;

use crate::{
    client::{Client, config},
    facts::{CONFIRMED, base58},
    sign_in::wallet,
    world::World,
};

#[sqlx::test(migrations = "../migrations")]
async fn a_server_without_an_agent_says_so(pool: PgPool) {
    let world = World::new(&pool).await;
    let patient = world.session(&world.patient).await;
    assert_eq!(patient.of("agent", world.vault).await.problem(), (404, "agent_off".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn inv_11_only_the_owner_learns_the_agents_key_and_each_vault_and_each_time_has_another(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.json");
    write_keypair_file(&Keypair::new(), &file).unwrap();
    let keys = AgentKeys::read(&file).unwrap();
    let mut config = config();
    config.agent = Some(file);
    let mut world = World::with(&pool, Client::with(&pool, &config)).await;
    let (carer, neighbour) = (wallet(2), wallet(3));
    world.delegate(&carer, Right::Mint as u8 | Right::Grant as u8 | Right::Read as u8).await;
    let other = world.vault(&neighbour).await;
    let (first, second) = (keys.of(&world.vault.into(), 0), keys.of(&world.vault.into(), 1));

    for stranger in [&carer, &neighbour, &wallet(4)] {
        let refused = world.session(stranger).await.of("agent", world.vault).await;
        assert_eq!(refused.problem(), (403, "not_permitted".into()));
    }
    let patient = world.session(&world.patient).await;
    let token = patient.token.clone();
    assert_eq!(patient.of("agent", other).await.problem(), (403, "not_permitted".into()));
    let told = patient.of("agent", world.vault).await.ok();
    assert_eq!(told["data"], json!({ "key": base58(&first.pubkey().to_bytes()), "in_effect": false }));
    let theirs = world.session(&neighbour).await.of("agent", other).await.ok();
    assert_ne!(theirs["data"]["key"], told["data"]["key"]);

    world.delegate(&first, Right::Mint as u8).await;
    world.advance().await;
    let patient = crate::world::Session { client: &world.client, token: token.clone() };
    let told = patient.of("agent", world.vault).await.ok();
    assert_eq!(told["data"], json!({ "key": base58(&first.pubkey().to_bytes()), "in_effect": true }));

    let account = pda::find_delegate(&world.vault.into(), &first.pubkey()).0.to_bytes();
    world.ledger.remove_delegate(CONFIRMED, world.vault, account).await;
    world.advance().await;
    let patient = crate::world::Session { client: &world.client, token };
    let told = patient.of("agent", world.vault).await.ok();
    assert_eq!(told["data"], json!({ "key": base58(&second.pubkey().to_bytes()), "in_effect": false }));
}
