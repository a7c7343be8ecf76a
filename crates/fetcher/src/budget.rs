//! The memory that bodies may take, over all polls of the process.
//!
//! Polls take blocks as their bodies grow. If they only waited for each other, all could stop half-way; so
//! enough for one whole body is set aside, and whoever finds the pool empty may also wait for that. Its
//! holder can always finish, and every wait ends.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is handed out at a time, in bytes.
const BLOCK: usize = 64 << 10;

/// The bytes of a process, for all bodies.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    /// Blocks.
    pool: Arc<Semaphore>,
    /// One permit: the right to grow to the largest size there is.
    reserve: Arc<Semaphore>,
}

/// What one poll holds of it; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
    pooled: Option<OwnedSemaphorePermit>,
    reserved: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A budget of `total` bytes, of which `largest` are kept for one body of the largest size.
    pub(crate) fn new(total: u64, largest: u64) -> Self {
        let blocks = total.saturating_sub(largest) / BLOCK as u64;
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let blocks = usize::try_from(blocks).unwrap_or(most).min(most);
        Self {
            pool: Arc::new(Semaphore::new(blocks)),
            reserve: Arc::new(Semaphore::new(1)),
        }
    }

    /// A share that holds nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
            pooled: None,
            reserved: None,
        }
    }
}

impl Share {
    /// Takes room for `bytes` more, and waits for it while other bodies have it. A wait that is cancelled
    /// has taken nothing.
    pub(crate) async fn grow(&mut self, bytes: usize) {
        let missing = (self.bytes + bytes)
            .div_ceil(BLOCK)
            .saturating_sub(self.pooled());
        if missing > 0 && self.reserved.is_none() {
            self.take(u32::try_from(missing).unwrap_or(u32::MAX)).await;
        }
        self.bytes += bytes;
    }

    /// Gives back all but what `bytes` need.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        self.bytes = bytes;
        let needed = bytes.div_ceil(BLOCK);
        if self.reserved.is_some() {
            let missing = needed.saturating_sub(self.pooled());
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let Ok(blocks) = Arc::clone(&self.budget.pool).try_acquire_many_owned(missing) else {
                // The pool is full still, so the body stays where it is.
                return;
            };
            self.add(blocks);
            self.reserved = None;
        }
        let surplus = self.pooled().saturating_sub(needed);
        drop(self.pooled.as_mut().and_then(|held| held.split(surplus)));
    }

    async fn take(&mut self, blocks: u32) {
        let pool = Arc::clone(&self.budget.pool);
        let reserve = Arc::clone(&self.budget.reserve);
        tokio::select! {
            biased;
            blocks = pool.acquire_many_owned(blocks) => {
                self.add(blocks.expect("the semaphore is never closed"));
            }
            whole = reserve.acquire_owned() => {
                self.reserved = Some(whole.expect("the semaphore is never closed"));
            }
        }
    }

    fn add(&mut self, blocks: OwnedSemaphorePermit) {
        match &mut self.pooled {
            Some(held) => held.merge(blocks),
            none => *none = Some(blocks),
        }
    }

    /// Blocks.
    fn pooled(&self) -> usize {
        self.pooled
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn bodies_that_fill_the_pool_wait_for_each_other_and_none_for_ever() {
        // Room for two blocks, and for one body beside them.
        let budget = Budget::new(6 * BLOCK as u64, 4 * BLOCK as u64);
        let [mut first, mut second, mut third] = [budget.share(), budget.share(), budget.share()];
        first.grow(1).await;
        second.grow(BLOCK).await;
        // The pool is empty: the first goes on by the reserve, to the largest size.
        first.grow(4 * BLOCK - 1).await;
        assert!(second.grow(1).now_or_never().is_none());
        assert!(third.grow(1).now_or_never().is_none());
        drop(first);
        let mut fourth = budget.share();
        fourth.grow(BLOCK).await;
        fourth.grow(1).await;
        let mut fifth = budget.share();
        assert!(fifth.grow(1).now_or_never().is_none());
        drop(second);
        fifth.grow(1).await;
    }

    #[tokio::test]
    async fn a_body_that_became_smaller_frees_the_reserve_for_the_next() {
        let budget = Budget::new(6 * BLOCK as u64, 4 * BLOCK as u64);
        let [mut first, mut second] = [budget.share(), budget.share()];
        first.grow(3 * BLOCK).await;
        first.shrink_to(BLOCK);
        second
            .grow(3 * BLOCK)
            .now_or_never()
            .expect("the reserve is free");
        assert_eq!(budget.pool.available_permits(), 1);
        drop((first, second));
        assert_eq!(budget.pool.available_permits(), 2);
    }

    #[tokio::test]
    async fn what_fits_in_a_block_that_is_held_asks_for_nothing() {
        let budget = Budget::new(BLOCK as u64, 0);
        let mut share = budget.share();
        for _ in 0..BLOCK {
            share.grow(1).now_or_never().expect("the block is its own");
        }
        assert_eq!(budget.pool.available_permits(), 0);
        drop(share);
        assert_eq!(budget.pool.available_permits(), 1);
    }
}
