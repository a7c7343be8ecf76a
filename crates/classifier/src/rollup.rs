//! The item's standing as a whole.

use std::collections::BTreeMap;

use wire::Claim;
use wire::claim::Status;
use wire::tagged::{ItemStanding, ItemStatus};

/// Confirmed only when every claim is, judgements and boilerplate left aside; none without claims.
pub(crate) fn of(claims: &[Claim]) -> Option<ItemStatus> {
    if claims.is_empty() {
        return None;
    }
    let mut counts = BTreeMap::new();
    for claim in claims {
        *counts.entry(claim.status).or_insert(0) += 1;
    }
    let confirmed = counts.contains_key(&Status::Confirmed)
        && counts
            .keys()
            .all(|status| matches!(status, Status::Confirmed | Status::NotAClaim));
    let status = if confirmed {
        ItemStanding::Confirmed
    } else {
        ItemStanding::Unconfirmed
    };
    Some(ItemStatus { status, counts })
}
