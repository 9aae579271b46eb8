//! Everything that goes wrong, by name.

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) strike: Strike,
    /// What becomes of lines.
    pub(crate) ends: Ends,
    /// Further options of the output, one to a line.
    pub(crate) more: &'static str,
}

/// What the lines of a run come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// All of them are stored.
    Stored,
    /// One in [`ODD`] is refused for good, the others are stored.
    DeadLettered,
    /// All are stored, one in [`ODD`] with its text moved away.
    Mended,
    /// All are stored, some with their text moved away: what was learnt of odd ones counts for those behind.
    SomeMended,
    /// Each is stored or, its retries used up, a dead letter.
    Either,
    /// Each is stored or declared dropped.
    SomeDropped,
    /// One in [`ODD`] is refused and has no place to go to: it is declared dropped.
    Dropped,
}

/// Of so many lines one is odd.
pub(crate) const ODD: u64 = 7;

/// What happens to a request that is struck, unless something else is said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Strike {
    /// The connection is closed before anything is read of it.
    CloseAtOnce,
    /// Connections are refused for a while.
    Refuse,
    /// A certificate that nobody vouches for is shown for a while.
    Stranger,
    /// The connection closes in the middle of the handshake of TLS.
    CloseInHandshake,
    /// The connection is reset when some bytes of the body were read.
    CutRequest,
    /// This is the answer to all of it. `stored` tells whether it was stored all the same.
    Whole { answer: &'static str, stored: bool },
    /// Of the items of the request, so many in a hundred get one of these answers.
    Items { answers: &'static [(&'static str, Stored)], percent: u64 },
    /// This happens to the answer. Where no agent may believe it, all or nothing is stored by chance.
    Damage(Damage),
    /// All is stored and its answer lost; then another index is written to.
    RollOver,
    /// The same, and the next look-up is answered so.
    RollOverThen { answer: &'static str },
    /// Every request with an odd line gets this answer about that line, always.
    Odd(&'static str),
    /// The same, and all requests that are struck have their answers damaged.
    DamageOdd(Damage, &'static str),
    /// Every request with an odd line is refused as a whole, always.
    OddWhole(&'static str),
    /// A request above so many bytes gets this answer, always.
    Largest(usize, &'static str),
    /// A compressed request gets this answer, always.
    Compressed(&'static str),
}

/// Whether something is stored in spite of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    No,
    Yes,
    /// By chance.
    Maybe,
}

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// There is none: the connection closes.
    Lost,
    /// The connection is reset in the middle of it.
    Reset,
    /// It comes too late.
    Stall,
    /// The connection closes after half of the body, whose whole length was told.
    Half,
    /// The length told is that of a part, and the rest follows all the same.
    ShortLength,
    /// The length told is more than comes, and nothing more comes.
    LongLength,
    /// It is no HTTP.
    Garbage,
    /// It is 200 and no JSON.
    NotJson,
    /// It is half of the JSON, with the length of that half.
    CutJson,
    /// It is empty.
    Empty,
    /// It is a 204.
    NoContent,
    /// Some items are missing.
    FewerItems,
    /// Some items come twice.
    MoreItems,
    /// It has the items in another order.
    Turned,
    /// It tells of another operation than was asked for.
    OtherVerb,
    /// It is longer than anything that can be meant.
    Endless,
    /// It comes byte by byte.
    Drip,
    /// It comes in chunks.
    Chunked,
    /// It comes in chunks, of which the last is missing.
    CutChunks,
    /// It ends with the connection, without a length.
    UntilClose,
    /// The connection closes behind it.
    CloseBehind,
    /// `100 Continue` and `103 Early Hints` stand before it.
    Interim,
    /// A second one follows that nobody asked for.
    Unasked,
    /// It tells all that a node tells without `filter_path`.
    Unfiltered,
    /// It is compressed if that is accepted.
    Gzip,
}

impl Damage {
    /// Whether nothing of the answer may be believed, whenever it is read.
    pub(crate) fn hides_all(self) -> bool {
        !self.is_harmless() && !matches!(self, Self::Turned | Self::Stall)
    }

    /// Whether the agent must take the answer as it is.
    pub(crate) fn is_harmless(self) -> bool {
        use Damage::{Chunked, CloseBehind, Drip, Gzip, Interim, Unasked, Unfiltered, UntilClose};
        matches!(self, Drip | Chunked | UntilClose | CloseBehind | Interim | Unasked | Unfiltered | Gzip)
    }
}

const fn fault(name: &'static str, strike: Strike) -> Fault {
    Fault { name, strike, ends: Ends::Stored, more: "" }
}

const fn damage(name: &'static str, damage: Damage) -> Fault {
    fault(name, Strike::Damage(damage))
}

const fn whole(name: &'static str, answer: &'static str) -> Fault {
    fault(name, Strike::Whole { answer, stored: false })
}

const fn stored(name: &'static str, answer: &'static str) -> Fault {
    fault(name, Strike::Whole { answer, stored: true })
}

const fn items(name: &'static str, percent: u64, answers: &'static [(&'static str, Stored)]) -> Fault {
    fault(name, Strike::Items { answers, percent })
}

const fn ends(ends: Ends, fault: Fault) -> Fault {
    Fault { ends, ..fault }
}

const fn with(more: &'static str, fault: Fault) -> Fault {
    Fault { more, ..fault }
}

/// All faults.
pub(crate) const FAULTS: &[Fault] = &[
    fault("closed-before-reading", Strike::CloseAtOnce),
    fault("connections-refused", Strike::Refuse),
    with("tls On", fault("strange-certificate", Strike::Stranger)),
    with("tls On", fault("closed-in-handshake", Strike::CloseInHandshake)),
    fault("request-reset", Strike::CutRequest),
    damage("answer-lost", Damage::Lost),
    with("Write_Operation index", damage("answer-lost-of-index", Damage::Lost)),
    damage("answer-reset", Damage::Reset),
    with("Response_Timeout 0.3", damage("answer-too-late", Damage::Stall)),
    damage("answer-half", Damage::Half),
    damage("length-too-short", Damage::ShortLength),
    with("Response_Timeout 0.3", damage("length-too-long", Damage::LongLength)),
    damage("answer-garbage", Damage::Garbage),
    damage("answer-no-json", Damage::NotJson),
    damage("answer-cut-json", Damage::CutJson),
    damage("answer-empty", Damage::Empty),
    damage("answer-no-content", Damage::NoContent),
    damage("items-missing", Damage::FewerItems),
    damage("items-too-many", Damage::MoreItems),
    damage("items-in-other-order", Damage::Turned),
    damage("items-of-other-operation", Damage::OtherVerb),
    damage("answer-endless", Damage::Endless),
    damage("answer-drips", Damage::Drip),
    damage("answer-in-chunks", Damage::Chunked),
    damage("answer-without-last-chunk", Damage::CutChunks),
    damage("answer-until-close", Damage::UntilClose),
    damage("closed-behind-answer", Damage::CloseBehind),
    damage("interim-answers", Damage::Interim),
    damage("answer-unasked", Damage::Unasked),
    damage("answer-unfiltered", Damage::Unfiltered),
    damage("answer-gzip", Damage::Gzip),
    whole("busy", "pressure_of_others"),
    whole("busy-retry-after", "busy_retry_after"),
    whole("breaker", "circuit_breaker"),
    whole("not-ready", "security_not_initialized"),
    whole("bad-gateway", "bad_gateway"),
    stored("bad-gateway-but-stored", "bad_gateway"),
    stored("gateway-timeout-but-stored", "gateway_timeout"),
    stored("server-error-but-stored", "server_error"),
    whole("unauthorized", "unauthorized"),
    whole("forbidden", "forbidden"),
    whole("unknown-address", "unknown_address"),
    whole("redirected", "redirect"),
    whole("proxy-refuses", "proxy_bad_request"),
    fault("too-large", Strike::Largest(1500, "too_large")),
    fault("too-large-at-proxy", Strike::Largest(1500, "proxy_too_large")),
    fault("above-pressure-limit", Strike::Largest(1500, "pressure_limit")),
    with("Compress gzip", fault("does-not-inflate", Strike::Compressed("does_not_inflate"))),
    items("some-busy", 40, &[("write_queue_full", Stored::No)]),
    items("all-busy", 100, &[("write_queue_full", Stored::No)]),
    items("flood-stage", 100, &[("flood_stage", Stored::No)]),
    items("write-block", 100, &[("write_block", Stored::No)]),
    items("index-closed", 100, &[("index_closed", Stored::No)]),
    items("shard-limit", 100, &[("shard_limit", Stored::No)]),
    items("shard-limit-of-line-3", 100, &[("shard_limit_of_line_3", Stored::No)]),
    items("no-index", 100, &[("no_index", Stored::No)]),
    items("no-permission-for-index", 60, &[("no_permission", Stored::No)]),
    items("shards-unavailable", 50, &[("unavailable_shards", Stored::Maybe)]),
    items("items-fail-but-stored", 50, &[("item_server_error", Stored::Yes)]),
    items(
        "mixture",
        80,
        &[
            ("write_queue_full", Stored::No),
            ("unavailable_shards", Stored::Maybe),
            ("item_server_error", Stored::Yes),
            ("conflict", Stored::Yes),
        ],
    ),
    items("conflicts", 100, &[("conflict", Stored::Yes)]),
    fault("rollover", Strike::RollOver),
    fault("rollover-and-busy-look-up", Strike::RollOverThen { answer: "pressure_of_others" }),
    ends(Ends::DeadLettered, fault("mapping-refused", Strike::Odd("mapping_refused"))),
    ends(Ends::DeadLettered, fault("field-limit", Strike::Odd("field_limit"))),
    ends(Ends::DeadLettered, fault("request-refused-for-one", Strike::OddWhole("id_too_long"))),
    ends(Ends::DeadLettered, fault("refusals-in-other-order", Strike::DamageOdd(Damage::Turned, "mapping_refused"))),
    ends(Ends::Mended, fault("mapping-mended", Strike::Odd("mapping_of_log"))),
    ends(Ends::SomeMended, fault("object-expected", Strike::Odd("object_expected"))),
    ends(Ends::Either, with("Retry_Limit 1", items("retries-used-up", 70, &[("write_queue_full", Stored::No)]))),
    ends(
        Ends::SomeDropped,
        with(
            "storage.total_limit_size 16k\n    storage.when_full drop_oldest",
            fault("spool-overflows", Strike::Whole { answer: "busy_retry_after", stored: false }),
        ),
    ),
    ends(Ends::Dropped, fault("no-place-for-letters", Strike::Odd("mapping_refused"))),
];
