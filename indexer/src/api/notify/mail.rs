//! Messages by email. They say that there is something to see, and where.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};

use super::{Delivered, NotifyConfig};

/// Sends mail.
#[derive(Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The page where people sign in.
    page: String,
}

impl Mail {
    /// None where no server is set.
    ///
    /// # Errors
    /// A sentence that starts with the name of the key that is wrong.
    pub fn new(config: &NotifyConfig, page: &str) -> Result<Option<Self>, String> {
        let Some(smtp) = &config.smtp else { return Ok(None) };
        let (builder, from) = smtp.parts()?;
        let transport = builder.timeout(Some(config.timeout())).build();
        Ok(Some(Self { transport, from, page: page.to_owned() }))
    }

    /// Tells of something that happened. The id stays the same when it is sent again.
    pub async fn tell(&self, to: &str, id: &str) -> Delivered {
        let text = format!(
            "There is something new about your health records.\n\nSee what it is at {}\n\nThis message says no more, \
             since mail is not private. To get no more of them, remove the subscription there.\n",
            self.page
        );
        self.send(to, id, "Something new about your health records", text).await
    }

    /// Asks whether the address is its owner's.
    pub async fn ask(&self, to: &str, id: &str, code: &str) -> Delivered {
        let text = format!(
            "Somebody wants messages sent to this address, by {}\n\nIf that was you, enter this code there: \
             {code}\n\nIf not, do nothing: no more will come.\n",
            self.page
        );
        self.send(to, id, "Confirm your address", text).await
    }

    async fn send(&self, to: &str, id: &str, subject: &str, text: String) -> Delivered {
        let Ok(to) = to.parse::<Mailbox>() else { return Delivered::Failed };
        let id = format!("<{id}@{}>", self.from.email.domain());
        let message = Message::builder().from(self.from.clone()).to(to).subject(subject).message_id(Some(id));
        let Ok(message) = message.header(ContentType::TEXT_PLAIN).body(text) else { return Delivered::Failed };
        match self.transport.send(message).await {
            Ok(_) => Delivered::Taken,
            Err(_) => Delivered::Failed,
        }
    }
}
