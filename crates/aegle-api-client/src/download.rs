use std::{
    io::{Seek, SeekFrom, Write},
    time::Duration,
};

use aegle_disclosure::SignedReceipt;
use reqwest::{RequestBuilder, StatusCode, header};
use tempfile::SpooledTempFile;
use tokio::time::sleep;

use crate::{Error, Progress, api};

/// Ciphertext up to here is kept in memory, more in a file without a name.
pub(crate) const IN_MEMORY: usize = 4 * 1024 * 1024;
/// Failures in a row after which a download is given up.
const ATTEMPTS: u32 = 6;
/// Before the first further attempt; it doubles with each.
const PAUSE: Duration = Duration::from_millis(200);

/// Downloads ciphertext of `size` bytes, and goes on where a connection broke. `request` asks for all. Gives the
/// log's receipt too, that of the first answer.
///
/// # Errors
/// The server's refusal, also one that comes while it goes on; no connection for longer than is waited.
pub(crate) async fn download(
    request: impl Fn() -> Result<RequestBuilder, Error>,
    size: u64,
    progress: Progress<'_>,
) -> Result<(SpooledTempFile, Option<SignedReceipt>), Error> {
    let mut file = SpooledTempFile::new(IN_MEMORY);
    let (mut done, mut failures, mut receipt) = (0, 0, None);
    while done < size {
        let before = done;
        match fetch(request()?, &mut file, &mut done, &mut receipt, size, progress).await {
            Ok(()) => {}
            Err(error) if error.is_passing() => {
                failures = if done > before { 0 } else { failures + 1 };
                if failures > ATTEMPTS {
                    return Err(error);
                }
                sleep(PAUSE * 2u32.pow(failures)).await;
            }
            Err(error) => return Err(error),
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((file, receipt))
}

async fn fetch(
    request: RequestBuilder,
    file: &mut SpooledTempFile,
    done: &mut u64,
    receipt: &mut Option<SignedReceipt>,
    size: u64,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let request = if *done == 0 { request } else { request.header(header::RANGE, format!("bytes={done}-")) };
    let mut response = api::send(request).await?;
    *receipt = receipt.or(api::receipt(&response));
    if *done > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
        *done = 0;
        file.seek(SeekFrom::Start(0))?;
    }
    while let Some(piece) = response.chunk().await? {
        if *done + piece.len() as u64 > size {
            return Err(Error::Answer("more content than the record has"));
        }
        file.write_all(&piece)?;
        *done += piece.len() as u64;
        progress(*done, size);
    }
    if *done < size { Err(Error::Answer("less content than the record has")) } else { Ok(()) }
}
