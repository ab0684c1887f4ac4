//! How many streams there may be at once.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::api::error::ApiError;

/// Counts open streams, all together and by client.
#[derive(Clone)]
pub struct Places {
    open: Arc<Mutex<Open>>,
    most: usize,
    most_per_client: usize,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// A stream's place, free again when dropped.
pub struct Place {
    open: Arc<Mutex<Open>>,
    client: IpAddr,
}

impl Places {
    pub fn new(most: u32, most_per_client: u32) -> Self {
        Self { open: Arc::default(), most: most as usize, most_per_client: most_per_client as usize }
    }

    /// # Errors
    /// [`ApiError::TooManyStreams`] of this client, or [`ApiError::NoFreeStream`] at all.
    pub fn take(&self, client: IpAddr) -> Result<Place, ApiError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.by_client.get(&client).is_some_and(|count| *count >= self.most_per_client) {
            return Err(ApiError::TooManyStreams { most: self.most_per_client });
        }
        if open.all >= self.most {
            return Err(ApiError::NoFreeStream);
        }
        open.all += 1;
        *open.by_client.entry(client).or_default() += 1;
        metrics::gauge!("aegle_streams").set(open.all as f64);
        Ok(Place { open: self.open.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(count) = open.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.by_client.remove(&self.client);
            }
        }
        metrics::gauge!("aegle_streams").set(open.all as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Code;

    #[test]
    fn a_place_is_free_again_once_given_up() {
        let places = Places::new(3, 2);
        let client = |number: u8| IpAddr::from([192, 0, 2, number]);
        let code = |number| places.take(client(number)).err().map(|refused| refused.code());
        let (first, _second) = (places.take(client(1)).unwrap(), places.take(client(1)).unwrap());
        assert_eq!(code(1), Some(Code::TooManyStreams));
        let third = places.take(client(2)).unwrap();
        assert_eq!(code(3), Some(Code::NoFreeStream));
        drop(third);
        assert_eq!(code(1), Some(Code::TooManyStreams), "of this client, whatever is free");
        drop(first);
        assert_eq!(code(1), None);
        assert_eq!(places.open.lock().unwrap().by_client.len(), 1, "clients without streams are forgotten");
    }
}
