//! How many of something there may be at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts what is open, all together and by client.
#[derive(Clone)]
pub struct Places<C: Eq + Hash> {
    open: Arc<Mutex<Open<C>>>,
    /// The metric that shows how many are open.
    gauge: &'static str,
    most: usize,
    most_per_client: usize,
}

struct Open<C> {
    all: usize,
    by_client: HashMap<C, usize>,
}

/// One place, free again when dropped.
pub struct Place<C: Eq + Hash> {
    open: Arc<Mutex<Open<C>>>,
    gauge: &'static str,
    client: C,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// This client has as many as one may.
    OfClient {
        most: usize,
    },
    AtAll,
}

impl<C: Copy + Eq + Hash> Places<C> {
    pub fn new(gauge: &'static str, most: u32, most_per_client: u32) -> Self {
        let open = Open { all: 0, by_client: HashMap::new() };
        Self { open: Arc::new(Mutex::new(open)), gauge, most: most as usize, most_per_client: most_per_client as usize }
    }

    pub fn take(&self, client: C) -> Result<Place<C>, NoPlace> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.by_client.get(&client).is_some_and(|count| *count >= self.most_per_client) {
            return Err(NoPlace::OfClient { most: self.most_per_client });
        }
        if open.all >= self.most {
            return Err(NoPlace::AtAll);
        }
        open.all += 1;
        *open.by_client.entry(client).or_default() += 1;
        metrics::gauge!(self.gauge).set(open.all as f64);
        Ok(Place { open: self.open.clone(), gauge: self.gauge, client })
    }
}

impl<C: Eq + Hash> Drop for Place<C> {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(count) = open.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.by_client.remove(&self.client);
            }
        }
        metrics::gauge!(self.gauge).set(open.all as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_given_up() {
        let places = Places::new("aegle_streams", 3, 2);
        let refusal = |client| places.take(client).err();
        let (first, _second) = (places.take(1).unwrap(), places.take(1).unwrap());
        assert_eq!(refusal(1), Some(NoPlace::OfClient { most: 2 }));
        let third = places.take(2).unwrap();
        assert_eq!(refusal(3), Some(NoPlace::AtAll));
        drop(third);
        assert_eq!(refusal(1), Some(NoPlace::OfClient { most: 2 }), "of this client, whatever is free");
        drop(first);
        assert_eq!(refusal(1), None);
        assert_eq!(places.open.lock().unwrap().by_client.len(), 1, "clients without a place are forgotten");
    }
}
