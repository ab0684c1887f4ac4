use aegle_api_client::Error;
use aegle_client::{ProgramError, SendError, aegle::AegleError};

/// Why an item was not taken in. It stays where it is, and is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The program is paused.
    Paused,
    /// The vault's delegates have minted as many records as its owner allows.
    Cap,
    /// The vault does not let the agent act any more, or not yet for the server.
    NotAllowed,
    /// The server refuses for now, or does not answer.
    Server,
    /// Nobody pays: the relay's budget is spent, or the payer is empty.
    Payer,
    /// The node does not answer, or did not take the transaction in time.
    Node,
    /// The program or the server refuses this item; other items of the vault need not meet the same.
    Refused,
}

impl Trouble {
    pub fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Cap => "cap",
            Self::NotAllowed => "not_allowed",
            Self::Server => "server",
            Self::Payer => "payer",
            Self::Node => "node",
            Self::Refused => "refused",
        }
    }

    pub fn of(error: &Error) -> Self {
        match error {
            Error::Problem(problem) => match (problem.code.as_str(), problem.status) {
                ("not_permitted", _) => Self::NotAllowed,
                ("relay_limit" | "relay_unavailable" | "relay_off", _) => Self::Payer,
                ("session_ended" | "not_signed_in", _) | (_, 429 | 500..=599) => Self::Server,
                _ => Self::Refused,
            },
            Error::Http(_) | Error::Answer(_) | Error::Challenge(_) => Self::Server,
            Error::Send(error) => Self::of_send(error),
            Error::Relayed(_) | Error::Unsettled(_) => Self::Node,
            _ => Self::Refused,
        }
    }

    fn of_send(error: &SendError) -> Self {
        match error {
            SendError::Refused(ProgramError { code, .. }) => {
                let is = |error: AegleError| u32::from(error) == *code;
                if is(AegleError::Paused) {
                    Self::Paused
                } else if is(AegleError::DelegateMintCapReached) {
                    Self::Cap
                } else if [
                    AegleError::DelegateRemoved,
                    AegleError::DelegateExpired,
                    AegleError::DelegateEpochMismatch,
                    AegleError::DelegateRightMissing,
                ]
                .into_iter()
                .any(is)
                {
                    Self::NotAllowed
                } else {
                    Self::Refused
                }
            }
            SendError::PayerEmpty { .. } => Self::Payer,
            SendError::Node { .. } | SendError::Expired | SendError::NoAnswer => Self::Node,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use aegle_api_client::Problem;

    use super::*;

    #[test]
    fn what_stops_one_item_does_not_stop_the_others_and_what_stops_all_does() {
        let problem = |code: &str, status| {
            let (code, title, detail) = (code.to_owned(), String::new(), String::new());
            let request_id = String::new();
            let problem = Problem { title, status, code, detail, request_id, sealed: None, receipt: None };
            Trouble::of(&Error::Problem(Box::new(problem)))
        };
        assert_eq!(problem("commitment_mismatch", 409), Trouble::Refused);
        assert_eq!(problem("not_permitted", 403), Trouble::NotAllowed);
        assert_eq!(problem("behind", 503), Trouble::Server);
        assert_eq!(problem("relay_limit", 429), Trouble::Payer);
        let refused = |error: AegleError| {
            let refusal = ProgramError { instruction: 0, code: error.into() };
            Trouble::of(&Error::Send(SendError::Refused(refusal)))
        };
        assert_eq!(refused(AegleError::Paused), Trouble::Paused);
        assert_eq!(refused(AegleError::DelegateMintCapReached), Trouble::Cap);
        assert_eq!(refused(AegleError::DelegateRemoved), Trouble::NotAllowed);
        assert_eq!(refused(AegleError::OwnerMismatch), Trouble::Refused);
    }
}
