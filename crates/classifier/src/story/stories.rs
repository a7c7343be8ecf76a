//! The stories that are going round.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use wire::story::{FirstSeen, Sketch, StoryId};
use wire::{ItemId, Revision, Story, StoryRecord};

use super::index::Index;
use super::same;

/// Of the items with a shingle in common, so many with the most in common are compared.
const COMPARED: usize = 16;
/// By so many of its shingles a lead is found at least: a copy has many of them, and of those some that count.
const SIGNS: usize = 16;

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How far apart the copies of a story may be published.
    pub window: SignedDuration,
    /// How many items' stories are known at once.
    pub items: usize,
}

/// An item as it is compared with others.
#[derive(Clone, Debug)]
pub struct Telling<'a> {
    /// The item, where it was read, and when.
    pub revision: &'a Revision,
    /// What is kept of its text.
    pub sketch: Sketch,
}

/// Every story that is known, as a function of the records of `stories` in their order: whoever has read
/// the same records knows the same stories.
///
/// Two instances that meet a story at once each open one. The record that stands earlier on the log wins:
/// the later one keeps its id, for that is out already, and whoever tells the story after that is given
/// the earlier id.
#[derive(Debug)]
pub struct Stories {
    bounds: Bounds,
    /// In the order in which they became known.
    told: VecDeque<Told>,
    /// The number of the first of `told`; numbers wrap.
    first: u32,
    /// The number of the first that others are compared with.
    compared: u32,
    /// The number after the last whose record was read from the log.
    logged: u32,
    by_item: HashMap<ItemId, u32>,
    /// By their numbers.
    index: Index,
    /// What was opened though it was told before, and by which name it goes.
    renamed: HashMap<StoryId, Arc<Story>>,
    /// The offset of `stories` to read next.
    position: u64,
    /// The latest time of a poll.
    clock: Timestamp,
}

#[derive(Debug)]
struct Told {
    item: ItemId,
    story: Arc<Story>,
    published: Timestamp,
    seen: Timestamp,
    sketch: Sketch,
    /// Whether its record was read from the log.
    on_log: bool,
}

impl Stories {
    /// No story.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            told: VecDeque::new(),
            first: 0,
            compared: 0,
            logged: 0,
            by_item: HashMap::new(),
            index: Index::default(),
            renamed: HashMap::new(),
            position: 0,
            clock: Timestamp::MIN,
        }
    }

    /// The offset of `stories` to read next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The story that an item tells, and the record that is to be committed with it where the item was
    /// not known. A known item keeps its story, whatever its revision says.
    pub fn assign(&mut self, telling: Telling<'_>) -> (Story, Option<StoryRecord>) {
        let Telling { revision, sketch } = telling;
        if let Some(told) = self.known(&revision.item) {
            return (Story::clone(&told.story), None);
        }
        let seen = revision.fetched;
        let published = revision.published.filter(|at| *at <= seen).unwrap_or(seen);
        let story = match self.like(&sketch, published, |_| true) {
            Some(told) => self.name(told),
            None => Arc::new(Story {
                id: StoryId::new(&revision.item),
                first: FirstSeen {
                    feed: revision.source.feed.clone(),
                    publisher: revision.source.publisher.clone(),
                    item: revision.item.clone(),
                    at: seen,
                },
            }),
        };
        let record = StoryRecord {
            item: revision.item.clone(),
            feed: revision.source.feed.clone(),
            story: Story::clone(&story),
            published,
            seen,
            sketch: sketch.clone(),
        };
        self.add(Told {
            item: revision.item.clone(),
            story,
            published,
            seen,
            sketch,
            on_log: false,
        });
        (record.story.clone(), Some(record))
    }

    /// Takes back what was assigned to an item whose record was not committed.
    pub fn forget(&mut self, item: &ItemId) {
        let Some(number) = self.by_item.get(item).copied() else {
            return;
        };
        let at = self.age(number);
        let told = &mut self.told[at];
        if told.on_log {
            return;
        }
        self.by_item.remove(item);
        // Nothing is like it any more.
        let sketch = std::mem::take(&mut told.sketch);
        self.index.forget(number, signs(&sketch.shingles));
    }

    /// Takes over the record at `offset` of `stories`; one that was read before changes nothing.
    pub fn learn(&mut self, offset: u64, record: StoryRecord) {
        if offset < self.position {
            return;
        }
        self.position = offset + 1;
        // What was assigned here was compared then with all that stands before it.
        if self.confirm(&record) {
            return;
        }
        let opened = record.story.first.item == record.item;
        if opened && let Some(told) = self.like(&record.sketch, record.published, |it| it.on_log) {
            let earlier = self.name(told);
            if earlier.id != record.story.id {
                self.renamed.insert(record.story.id.clone(), earlier);
            }
        }
        self.forget(&record.item);
        if self.known(&record.item).is_some() {
            return;
        }
        let known = self.known(&record.story.first.item);
        let story = known.map(|told| Arc::clone(&told.story));
        self.add(Told {
            item: record.item,
            story: story
                .filter(|story| story.id == record.story.id)
                .unwrap_or_else(|| Arc::new(record.story)),
            published: record.published,
            seen: record.seen,
            sketch: record.sketch,
            on_log: true,
        });
    }

    /// Notes that `record`, which was assigned here, is on the log; false where it was not, or stands on the log
    /// behind one that stands behind it here.
    fn confirm(&mut self, record: &StoryRecord) -> bool {
        let Some(number) = self.by_item.get(&record.item).copied() else {
            return false;
        };
        let in_order = self.age(number) >= self.age(self.logged);
        let at = self.age(number);
        let told = &mut self.told[at];
        let same = told.story.id == record.story.id && told.sketch == record.sketch;
        if !in_order || !same {
            return false;
        }
        told.on_log = true;
        self.logged = number.wrapping_add(1);
        true
    }

    fn known(&self, item: &ItemId) -> Option<&Told> {
        let number = self.by_item.get(item)?;
        Some(self.at(*number))
    }

    fn at(&self, number: u32) -> &Told {
        &self.told[self.age(number)]
    }

    /// The name by which an item's story goes.
    fn name(&self, told: &Told) -> Arc<Story> {
        let renamed = self.renamed.get(&told.story.id);
        Arc::clone(renamed.unwrap_or(&told.story))
    }

    /// The item with the most of the text, the earliest of several, among those that `counts` says.
    fn like(
        &self,
        sketch: &Sketch,
        published: Timestamp,
        counts: impl Fn(&Told) -> bool,
    ) -> Option<&Told> {
        let sharing = signs(&sketch.shingles).flat_map(|shingle| self.index.with(shingle));
        let mut sharing: Vec<usize> = sharing.map(|number| self.age(number)).collect();
        sharing.sort_unstable();
        let together = sharing.chunk_by(|one, other| one == other);
        let mut alike: Vec<(usize, usize)> = together.map(|it| (it.len(), it[0])).collect();
        if alike.len() > COMPARED {
            alike.select_nth_unstable_by_key(COMPARED, |(shared, at)| (Reverse(*shared), *at));
            alike.truncate(COMPARED);
        }
        // The earliest first: of several that have as much of the text, it counts.
        alike.sort_unstable_by_key(|(_, at)| *at);
        let mut best: Option<(f32, &Told)> = None;
        for told in alike.into_iter().map(|(_, at)| &self.told[at]) {
            let apart = published.duration_since(told.published);
            if apart.abs() > self.bounds.window || !counts(told) {
                continue;
            }
            let Some(held) = same(sketch, &told.sketch, apart) else {
                continue;
            };
            if best.is_none_or(|(most, _)| held > most) {
                best = Some((held, told));
            }
            if held >= 1.0 {
                break;
            }
        }
        best.map(|(_, told)| told)
    }

    fn add(&mut self, told: Told) {
        let number = self.first.wrapping_add(self.told.len() as u32);
        self.by_item.insert(told.item.clone(), number);
        self.index.add(number, signs(&told.sketch.shingles));
        self.clock = self.clock.max(told.seen);
        if told.on_log {
            self.logged = number.wrapping_add(1);
        }
        self.told.push_back(told);
        self.bound();
    }

    /// Ends comparing with what is past the window, and forgets what is past the cap.
    fn bound(&mut self) {
        let oldest = self.clock.saturating_sub(self.bounds.window);
        let oldest = oldest.unwrap_or(Timestamp::MIN);
        loop {
            let at = self.age(self.compared);
            let full = self.told.len() > self.bounds.items && at == 0;
            let Some(told) = self.told.get_mut(at) else {
                break;
            };
            if !full && told.seen >= oldest {
                break;
            }
            let sketch = std::mem::take(&mut told.sketch);
            self.index.forget(self.compared, signs(&sketch.shingles));
            self.compared = self.compared.wrapping_add(1);
            if full {
                break;
            }
        }
        while self.told.len() > self.bounds.items
            && let Some(told) = self.told.pop_front()
        {
            if self.by_item.get(&told.item) == Some(&self.first) {
                self.by_item.remove(&told.item);
            }
            if told.story.first.item == told.item {
                self.renamed.remove(&told.story.id);
            }
            let next = self.first.wrapping_add(1);
            if self.logged == self.first {
                self.logged = next;
            }
            self.first = next;
        }
    }

    /// How many are known that became known before.
    fn age(&self, number: u32) -> usize {
        number.wrapping_sub(self.first) as usize
    }
}

/// By which of its shingles a lead is found: all of a short one's, of twice as many every second, and so on (Broder's
/// sample by modulus, which takes the same ones of every copy: what is taken of the longer is taken of the shorter).
fn signs(shingles: &[u32]) -> impl Iterator<Item = u32> {
    let every = (shingles.len() / SIGNS).max(1).ilog2();
    let shingles = shingles.iter().copied();
    shingles.filter(move |shingle| shingle.trailing_zeros() >= every)
}
