//! Who holds which partition: the groups of one process. Pure state; the writer thread owns it, so
//! that a partition never changes hands during a commit.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::watch;

/// The partitions that a member holds, each with the epoch at which it was handed over. A partition
/// that went away and came back has another epoch, so work from before it left cannot be committed.
pub(super) type Assignment = BTreeMap<u32, u64>;

/// Names a member within one open log.
pub(super) type MemberId = u64;

/// A group and the topic that its members share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    pub(super) group: String,
    pub(super) topic: u32,
}

/// Every group of an open log.
#[derive(Default)]
pub(super) struct Groups {
    groups: HashMap<GroupKey, Group>,
    last: u64,
}

struct Group {
    /// By partition: who holds it, and since which epoch.
    holders: Vec<Option<(MemberId, u64)>>,
    members: Vec<(MemberId, watch::Sender<Assignment>)>,
}

impl Groups {
    /// Adds a member and hands the partitions out anew; what the member holds is seen on the receiver.
    pub(super) fn join(
        &mut self,
        key: &GroupKey,
        partitions: u32,
    ) -> (MemberId, watch::Receiver<Assignment>) {
        let id = self.tick();
        let (sender, receiver) = watch::channel(Assignment::new());
        let group = self.groups.entry(key.clone()).or_insert_with(|| Group {
            holders: vec![None; partitions as usize],
            members: Vec::new(),
        });
        group.members.push((id, sender));
        self.rebalance(key);
        (id, receiver)
    }

    /// Removes a member and hands its partitions to those that remain.
    pub(super) fn leave(&mut self, key: &GroupKey, member: MemberId) {
        if let Some(group) = self.groups.get_mut(key) {
            group.members.retain(|(id, _)| *id != member);
            self.rebalance(key);
        }
    }

    /// Removes the members that were dropped without leaving.
    pub(super) fn sweep(&mut self) {
        let gone: Vec<(GroupKey, MemberId)> = self
            .groups
            .iter()
            .flat_map(|(key, group)| {
                let dropped = group.members.iter().filter(|(_, told)| told.is_closed());
                dropped.map(|(id, _)| (key.clone(), *id))
            })
            .collect();
        for (key, member) in gone {
            self.leave(&key, member);
        }
    }

    /// Whether `member` has held `partition` without a break since `epoch`.
    pub(super) fn holds(
        &self,
        key: &GroupKey,
        member: MemberId,
        partition: u32,
        epoch: u64,
    ) -> bool {
        self.groups
            .get(key)
            .and_then(|group| group.holders.get(partition as usize).copied().flatten())
            == Some((member, epoch))
    }

    fn tick(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Evens out the partitions and moves no more of them than that takes.
    fn rebalance(&mut self, key: &GroupKey) {
        let epoch = self.tick();
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        if group.members.is_empty() {
            self.groups.remove(key);
            return;
        }
        group.take_back();
        group.hand_out(epoch);
        group.tell();
    }
}

impl Group {
    /// Takes back what members hold beyond their share, and what belonged to those that left.
    fn take_back(&mut self) {
        let mut load: HashMap<MemberId, usize> =
            self.members.iter().map(|(id, _)| (*id, 0)).collect();
        let least = self.holders.len() / self.members.len();
        let mut one_more = self.holders.len() % self.members.len();
        for holder in &mut self.holders {
            let Some((member, _)) = *holder else { continue };
            match load.get_mut(&member) {
                Some(held) if *held < least => *held += 1,
                Some(held) if *held == least && one_more > 0 => {
                    *held += 1;
                    one_more -= 1;
                }
                _ => *holder = None,
            }
        }
    }

    /// Hands each free partition to the member that holds fewest.
    fn hand_out(&mut self, epoch: u64) {
        for partition in 0..self.holders.len() {
            if self.holders[partition].is_none() {
                let least = self.members.iter().map(|(id, _)| *id).min_by_key(|id| {
                    let held = self.holders.iter().flatten();
                    held.filter(|(member, _)| member == id).count()
                });
                self.holders[partition] = least.map(|member| (member, epoch));
            }
        }
    }

    fn tell(&self) {
        for (id, told) in &self.members {
            let held: Assignment = (0..)
                .zip(&self.holders)
                .filter_map(|(partition, holder)| match holder {
                    Some((member, epoch)) if member == id => Some((partition, *epoch)),
                    _ => None,
                })
                .collect();
            told.send_if_modified(|before| {
                let changed = *before != held;
                *before = held;
                changed
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> GroupKey {
        GroupKey {
            group: "tag".into(),
            topic: 1,
        }
    }

    #[test]
    fn a_second_member_takes_half_and_the_rest_stays() {
        let mut groups = Groups::default();
        let (_, first) = groups.join(&key(), 4);
        let before = first.borrow().clone();
        let (_, second) = groups.join(&key(), 4);
        assert_eq!(first.borrow().len(), 2);
        assert_eq!(second.borrow().len(), 2);
        assert!(
            first
                .borrow()
                .iter()
                .all(|(partition, epoch)| before[partition] == *epoch)
        );
    }

    #[test]
    fn a_partition_that_came_back_is_not_the_one_that_left() {
        let mut groups = Groups::default();
        let (first, held) = groups.join(&key(), 1);
        let epoch = held.borrow()[&0];
        groups.leave(&key(), first);
        let (second, held) = groups.join(&key(), 1);
        assert!(!groups.holds(&key(), first, 0, epoch));
        assert!(groups.holds(&key(), second, 0, held.borrow()[&0]));
    }

    #[test]
    fn a_dropped_member_gives_its_partitions_back() {
        let mut groups = Groups::default();
        let (_, first) = groups.join(&key(), 3);
        let (_, second) = groups.join(&key(), 3);
        drop(first);
        groups.sweep();
        assert_eq!(second.borrow().len(), 3);
    }

    #[test]
    fn more_members_than_partitions_leaves_some_idle() {
        let mut groups = Groups::default();
        let held: Vec<_> = (0..3).map(|_| groups.join(&key(), 2).1).collect();
        assert_eq!(
            held.iter().map(|held| held.borrow().len()).sum::<usize>(),
            2
        );
    }
}
