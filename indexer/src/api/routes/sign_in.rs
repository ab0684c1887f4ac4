use axum::{Json, extract::State};
use rand::{RngCore, rngs::OsRng};

use crate::api::{
    bytes::{Nonce, SessionId},
    error::ApiError,
    extract::Body,
    model::{ChallengeRequest, Session, SignInRequest, SignedIn, ToSign},
    protected,
    session::Token,
    sign_in::{Challenge, verify},
    state::ApiState,
    store::{self, session::SessionRow},
    time::Time,
};

/// Asks for a text to sign.
///
/// An organization signs in together with the practitioner who acts for it; both sign the same text,
/// which names both. The challenge can be answered once, within minutes. Any number may be asked for, and
/// none ends another.
#[utoipa::path(
    post,
    path = "/v1/sign-in/challenge",
    tag = "sign-in",
    request_body = ChallengeRequest,
    responses((status = 200, body = ToSign))
)]
pub async fn ask_challenge(
    State(state): State<ApiState>,
    Body(request): Body<ChallengeRequest>,
) -> Result<Json<ToSign>, ApiError> {
    if request.practitioner == Some(request.address) {
        return Err(ApiError::InvalidBody("a practitioner acts for another key than the own one".into()));
    }
    let now = (state.now)();
    let challenge = Challenge {
        nonce: Nonce(random()),
        address: request.address,
        practitioner: request.practitioner,
        issued_at: Time(now),
        expires_at: Time(now + i64::from(state.sign_in.config.challenge_seconds)),
    };

    let mut transaction = protected::begin_unnamed(&state).await?;
    let genesis = store::frontier::genesis(&mut transaction).await?.ok_or(ApiError::NotReady)?;
    transaction.commit().await?;
    let sealed = challenge.seal(&state.cursors);
    Ok(Json(ToSign::new(state.sign_in.text(&challenge, genesis), sealed)))
}

/// Answers a challenge and begins a session.
#[utoipa::path(
    post,
    path = "/v1/sign-in",
    tag = "sign-in",
    request_body = SignInRequest,
    responses((status = 200, body = SignedIn))
)]
pub async fn sign_in(
    State(state): State<ApiState>,
    Body(request): Body<SignInRequest>,
) -> Result<Json<SignedIn>, ApiError> {
    let now = (state.now)();
    let mut transaction = protected::begin_unnamed(&state).await?;
    let genesis = store::frontier::genesis(&mut transaction).await?.ok_or(ApiError::NotReady)?;
    let challenge =
        Challenge::open(&state.cursors, &request.challenge).filter(|challenge| challenge.expires_at.0 > now);
    let challenge = challenge.ok_or(ApiError::ChallengeEnded)?;

    let message = state.sign_in.text(&challenge, genesis).to_message();
    if let Err(refusal) = check(&challenge, &request, &message) {
        metrics::counter!("aegle_sign_ins_total", "outcome" => "refused").increment(1);
        return Err(refusal);
    }
    // Only what its wallet signed uses a challenge up: a wrong answer is nobody's to end it by.
    if !store::sign_in::use_up(&mut transaction, challenge.nonce, challenge.expires_at, now).await? {
        return Err(ApiError::ChallengeEnded);
    }

    let config = &state.sign_in.config;
    let session = SessionRow {
        id: SessionId(random()),
        wallet: challenge.address,
        practitioner: challenge.practitioner,
        created_at: Time(now),
        expires_at: Time(now + i64::from(config.session_seconds)),
        ends_at: Time(now + i64::from(config.session_max_seconds)),
        ended_at: None,
    };
    let token = Token::random();
    store::session::insert(&mut transaction, &session, token.hash()).await?;
    transaction.commit().await?;
    metrics::counter!("aegle_sign_ins_total", "outcome" => "signed_in").increment(1);
    let id = session.id;
    Ok(Json(SignedIn { token: token.expose(), session: Session::new(session, id) }))
}

/// Whether everybody whom the text names signed this text.
fn check(challenge: &Challenge, request: &SignInRequest, message: &str) -> Result<(), ApiError> {
    let refuse = |reason| Err(ApiError::SignatureInvalid(reason));
    if request.signed_message.as_ref().is_some_and(|signed| signed != message) {
        return refuse("The wallet signed another text than the challenge's");
    }
    if !verify(challenge.address, request.signature, message.as_bytes()) {
        return refuse("The signature is not the wallet's over the challenge's text");
    }
    match (challenge.practitioner, request.practitioner_signature) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse("The challenge names no practitioner"),
        (Some(_), None) => refuse("The practitioner whom the challenge names must sign too"),
        (Some(key), Some(signature)) if verify(key, signature, message.as_bytes()) => Ok(()),
        (Some(_), Some(_)) => refuse("The second signature is not the practitioner's over the challenge's text"),
    }
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
