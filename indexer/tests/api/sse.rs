//! Server-sent events as the HTML standard reads them (section 9.2.6).

/// An event as a page would receive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `message` unless the server names it.
    pub event: String,
    pub data: String,
    /// The last id when it was received.
    pub id: String,
}

/// Reads bytes as they come, cut anywhere.
#[derive(Clone, Default)]
pub struct Parser {
    line: Vec<u8>,
    event: String,
    data: String,
    id: String,
    /// The id of the last block that was complete: what a reader sends back.
    pub last_id: String,
    /// Milliseconds after which to come back.
    pub retry: Option<u64>,
    pub comments: usize,
}

impl Parser {
    /// The messages that these bytes complete.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = String::from_utf8(std::mem::take(&mut self.line)).expect("UTF-8");
            messages.extend(self.line(&line));
        }
        messages
    }

    fn line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            self.last_id.clone_from(&self.id);
            let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
            let event = if event.is_empty() { "message".into() } else { event };
            let data = data.strip_suffix('\n')?.to_owned();
            return Some(Message { event, data, id: self.last_id.clone() });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => self.event = value.to_owned(),
            "data" => self.data += &format!("{value}\n"),
            "id" => self.id = value.to_owned(),
            "retry" => self.retry = Some(value.parse().expect("digits")),
            _ => panic!("an unknown field: {line}"),
        }
        None
    }
}
