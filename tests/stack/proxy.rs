//! Connections that break: between a client and a server, after so many bytes.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub struct Proxy {
    pub url: String,
    broken: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Stands in front of the server at `url`. Each connection breaks once it has carried `most` bytes one way.
    pub async fn start(url: &str, most: usize) -> Self {
        let server: SocketAddr = url.trim_start_matches("http://").parse().expect("address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let broken = Arc::new(AtomicUsize::new(0));
        let counted = broken.clone();
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    if carry(client, server, most).await.unwrap_or(false) {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { url, broken, serving }
    }

    /// How many connections it broke since it was asked last.
    pub fn broken(&self) -> usize {
        self.broken.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Carries both ways until one side ends; true where it broke both.
async fn carry(mut client: TcpStream, server: SocketAddr, most: usize) -> io::Result<bool> {
    let mut server = TcpStream::connect(server).await?;
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    tokio::select! {
        broken = pass(from_client, to_server, most) => broken,
        broken = pass(from_server, to_client, most) => broken,
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut left: usize) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(false);
        }
        to.write_all(&buffer[..read.min(left)]).await?;
        if read >= left {
            return Ok(true);
        }
        left -= read;
    }
}
