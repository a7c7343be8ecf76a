//! Everything that is done to a fleet, in a shuffled order.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::support::proxy::{Api, Fault, Side, Way};

/// One thing that breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Harm {
    /// Frames between instances and brokers.
    Frames(Fault),
    /// Every connection at once.
    CutAll,
    /// An instance is killed, and started again at once.
    Kill,
    /// An instance is killed and stays away for longer than its session.
    KillForLong,
    /// An instance is frozen past its session, and goes on as a zombie.
    Freeze,
    /// A broker is killed and comes back; others lead its partitions meanwhile, and it again later.
    KillBroker,
    /// An instance leaves in an orderly way.
    Leave,
    /// One that left is back.
    Join,
}

const APIS: [Api; 13] = [
    Api::Produce,
    Api::Fetch,
    Api::Metadata,
    Api::OffsetFetch,
    Api::FindCoordinator,
    Api::JoinGroup,
    Api::Heartbeat,
    Api::SyncGroup,
    Api::InitProducerId,
    Api::AddPartitionsToTxn,
    Api::AddOffsetsToTxn,
    Api::TxnOffsetCommit,
    Api::EndTxn,
];

const WAYS: [Way; 5] = [
    Way::Drop,
    Way::Delay(Duration::from_secs(2)),
    Way::Cut,
    Way::Blackhole(Duration::from_secs(6)),
    Way::Corrupt,
];

/// Not the coordinator any more, a transaction still being finished, and two errors without a reason.
const DENIALS: [i16; 4] = [16, 51, 7, -1];

/// The whole matrix once, with the rest spread among it.
pub(crate) fn shuffled(random: &mut StdRng) -> Vec<Harm> {
    let mut deck = Vec::new();
    for api in APIS {
        for side in [Side::Request, Side::Answer] {
            for way in WAYS {
                let times = if matches!(way, Way::Cut) { 3 } else { 1 };
                deck.push(Harm::Frames(Fault {
                    api,
                    side,
                    way,
                    times,
                }));
            }
        }
    }
    deck.extend(DENIALS.map(|code| {
        Harm::Frames(Fault {
            api: Api::EndTxn,
            side: Side::Answer,
            way: Way::Deny(code),
            times: 1,
        })
    }));
    let rest = [
        (Harm::CutAll, 8),
        (Harm::Kill, 24),
        (Harm::KillForLong, 6),
        (Harm::Freeze, 10),
        (Harm::KillBroker, 10),
        (Harm::Leave, 12),
        (Harm::Join, 12),
    ];
    for (harm, times) in rest {
        deck.extend(std::iter::repeat_n(harm, times));
    }
    deck.shuffle(random);
    deck
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frames(fault) => {
                let side = match fault.side {
                    Side::Request => "requests",
                    Side::Answer => "answers",
                };
                match fault.way {
                    Way::Drop => write!(f, "{:?} {side} dropped", fault.api),
                    Way::Delay(_) => write!(f, "{:?} {side} late", fault.api),
                    Way::Cut => write!(f, "{:?} {side} cut off", fault.api),
                    Way::Blackhole(_) => write!(f, "{:?} {side} into a black hole", fault.api),
                    Way::Corrupt => write!(f, "{:?} {side} garbled", fault.api),
                    Way::Deny(code) => {
                        write!(f, "{:?} done and answered with error {code}", fault.api)
                    }
                }
            }
            Self::CutAll => f.write_str("every connection cut"),
            Self::Kill => f.write_str("an instance killed"),
            Self::KillForLong => f.write_str("an instance killed and away"),
            Self::Freeze => f.write_str("an instance frozen past its session"),
            Self::KillBroker => f.write_str("a broker killed"),
            Self::Leave => f.write_str("an instance left"),
            Self::Join => f.write_str("an instance joined"),
        }
    }
}
