//! The node's WebSocket: slot notifications, or what passes for them.

use std::{sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use rand::Rng;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::{
    faults::{Fault, Question},
    node::Node,
};

const SUBSCRIPTION: u64 = 7;

pub async fn serve(listener: TcpListener, node: Arc<Node>, stop: CancellationToken) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(stop.clone().run_until_cancelled_owned(notify(stream, node.clone())));
    }
}

/// Serves a connection until either end closes it.
async fn notify(stream: TcpStream, node: Arc<Node>) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    let request = loop {
        if let Message::Text(text) = socket.next().await?.ok()? {
            break text;
        }
    };
    let request: Value = serde_json::from_str(&request).expect("a request");
    assert_eq!(request["method"], "slotSubscribe");
    let mut moves = node.moves();
    let reply = json!({ "jsonrpc": "2.0", "id": request["id"], "result": SUBSCRIPTION });
    socket.send(text(&reply)).await.ok()?;

    let mut held = None;
    let mut silent = false;
    loop {
        let moment = tokio::select! {
            moved = moves.recv() => match moved {
                Ok(moment) => moment,
                Err(_) => continue,
            },
            message = socket.next() => match message?.ok()? {
                Message::Close(_) => return None,
                _ => continue,
            },
        };
        let view = node.view_at(moment);
        let info = json!({ "slot": view.head, "parent": view.head.saturating_sub(1), "root": view.finalized });
        let params = json!({ "subscription": SUBSCRIPTION, "result": info });
        let message = text(&json!({ "jsonrpc": "2.0", "method": "slotNotification", "params": params }));
        let (fault, mut dice) = node.faults().next(Question::Notification);
        match fault {
            _ if silent => {}
            Some(Fault::Silent) => silent = true,
            Some(Fault::Lost) => {}
            Some(Fault::Twice) => {
                socket.send(message.clone()).await.ok()?;
                socket.send(message).await.ok()?;
            }
            Some(Fault::Reordered) => held = Some(message),
            Some(Fault::Late) => {
                tokio::time::sleep(Duration::from_millis(dice.gen_range(10..100))).await;
                socket.send(message).await.ok()?;
            }
            Some(Fault::Malformed) => {
                let frames = ["{\"jsonrpc\":\"2.0\",\"meth", "[1,2]", "{}", "{\"method\":\"slotNotification\"}"];
                socket.send(Message::text(frames[dice.gen_range(0..frames.len())])).await.ok()?;
            }
            Some(Fault::Closed) => return socket.close(None).await.ok(),
            _ => {
                socket.send(message).await.ok()?;
                if let Some(held) = held.take() {
                    socket.send(held).await.ok()?;
                }
            }
        }
    }
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}
