//! Whether the time that a refusal takes tells a record that is denied from one that is not there.

use std::time::Instant;

use futures::future::join_all;

use crate::{
    client::Client,
    facts::{Key, base58},
    world::{Session, TREAT},
};

/// Asks for `denied` and for records that are not there, in turns, and gives the area under the curve
/// of whoever tells them apart by a threshold of time: 0.5 is by chance.
pub async fn distinguish(client: &Client, token: &str, denied: Key, pairs: usize, callers: usize) -> f64 {
    let (mut times, mut others) = (Vec::new(), Vec::new());
    let ask = async |caller: usize| {
        let session = Session { client, token: token.to_owned() };
        let (mut there, mut absent) = (Vec::new(), Vec::new());
        for pair in 0..pairs.div_ceil(callers) {
            let mut nowhere = [3; 32];
            nowhere[..8].copy_from_slice(&((caller << 32) + pair).to_be_bytes());
            // Which of the two comes first must not matter.
            let mut both = [(&mut there, denied), (&mut absent, nowhere)];
            if pair % 2 == 1 {
                both.reverse();
            }
            for (times, record) in both {
                let uri = format!("/v1/records/{}", base58(&record));
                let start = Instant::now();
                assert_eq!(session.get(&uri, TREAT).await.status, 403);
                times.push(start.elapsed());
            }
        }
        (there, absent)
    };
    for (there, absent) in join_all((0..callers).map(ask)).await {
        times.extend(there);
        others.extend(absent);
    }
    area(&mut times, &mut others)
}

/// How often one of `a` is above one of `b`, ties by half; 0.5 or more, whichever way round.
fn area<T: Ord>(a: &mut [T], b: &mut [T]) -> f64 {
    a.sort_unstable();
    b.sort_unstable();
    let above: usize = a.iter().map(|a| b.partition_point(|b| b < a) + b.partition_point(|b| b <= a)).sum();
    let area = above as f64 / (2 * a.len() * b.len()) as f64;
    area.max(1.0 - area)
}
