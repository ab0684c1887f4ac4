use aegle_decision::{Caller, Key};
use aegle_disclosure::{SignIn, SignInFault};
use axum::{Json, extract::State};
use rand::{RngCore, rngs::OsRng};

use crate::api::{
    bytes::{Digest, Nonce, SessionId},
    error::ApiError,
    extract::Body,
    model::{ChallengeRequest, Session, SignInRequest, SignedIn, ToSign},
    protected,
    session::Token,
    sign_in::Challenge,
    state::ApiState,
    store::{self, session::SessionRow},
    time::Time,
};

/// Asks for a text to sign. It names the key that will sign the session's requests.
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
        request_key: request.request_key,
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

    let evidence = SignIn {
        message: state.sign_in.text(&challenge, genesis).to_string(),
        signature: request.signature.0,
        practitioner_signature: request.practitioner_signature.map(|signature| signature.0),
    };
    if let Err(refusal) = check(&challenge, &request, &evidence) {
        metrics::counter!("aegle_sign_ins_total", "outcome" => "refused").increment(1);
        // Whose wallet it was to be is nobody's business here: anybody can name it.
        tracing::info!(reason = %refusal, "a sign-in was refused");
        transaction.rollback().await?;
        // Only the report is wrong without it.
        if let Err(error) = store::sign_in::count_refused(&state.pool).await {
            tracing::warn!(%error, "a refused sign-in was not counted");
        }
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
        request_key: challenge.request_key,
        sign_in: Digest(evidence.digest().0),
        created_at: Time(now),
        expires_at: Time(now + i64::from(config.session_seconds)),
        ends_at: Time(now + i64::from(config.session_max_seconds)),
        ended_at: None,
    };
    let token = Token::random();
    store::sign_in::insert(&mut transaction, &evidence, now).await?;
    store::session::insert(&mut transaction, &session, token.hash()).await?;
    transaction.commit().await?;
    metrics::counter!("aegle_sign_ins_total", "outcome" => "signed_in").increment(1);
    let id = session.id;
    Ok(Json(SignedIn { token: token.expose(), session: Session::new(session, id) }))
}

/// Whether everybody whom the text names signed this text.
fn check(challenge: &Challenge, request: &SignInRequest, evidence: &SignIn) -> Result<(), ApiError> {
    let refuse = |reason| Err(ApiError::SignatureInvalid(reason));
    if request.signed_message.as_ref().is_some_and(|signed| *signed != evidence.message) {
        return refuse("The wallet signed another text than the challenge's");
    }
    match (challenge.practitioner, request.practitioner_signature) {
        (None, Some(_)) => return refuse("The challenge names no practitioner"),
        (Some(_), None) => return refuse("The practitioner whom the challenge names must sign too"),
        _ => {}
    }
    let caller = Caller { key: Key(challenge.address.0), practitioner: challenge.practitioner.map(|key| Key(key.0)) };
    match evidence.check(&caller, &Key(challenge.request_key.0)) {
        Ok(_) => Ok(()),
        Err(SignInFault::Signature) => refuse("A signature is not the wallet's, or the practitioner's, over the text"),
        Err(fault) => Err(ApiError::Internal(fault.to_string())),
    }
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
