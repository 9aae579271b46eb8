//! Leaves out of a request what is stored already, as far as its output can tell, before it is sent again.

use std::io;

use tracing::error;

use super::judge::{self, Judged};
use crate::plugin::{Cause, Class, Fate, Output, Request, Verdict};

/// What is left of a request.
pub(super) enum Looked {
    /// This is to be sent.
    Rest(Request),
    /// Nothing: all of it was stored.
    Nothing,
    /// It cannot be found out now.
    Later(Request, Verdict),
}

/// Stands for what is to be sent; nobody is told of it.
const NOT_STORED: Cause = Cause { class: Class::Unknown, label: "not_stored", text: "it is not stored" };

/// Settles the items of `request` that are `stored`, which has a value for each or none at all. Gives what was settled, and
/// the rest.
///
/// # Errors
/// When the compressed body cannot be read back.
fn leave_out(mut request: Request, stored: &[bool]) -> io::Result<(Judged, Option<Request>)> {
    request.set_may_be_stored(false);
    if !stored.contains(&true) {
        return Ok((Judged::default(), Some(request)));
    }
    let fate = |stored: &bool| if *stored { Fate::Duplicate } else { Fate::Again(NOT_STORED) };
    let mut judged = judge::by_items(request, stored.iter().map(fate).collect(), |_| None)?;
    let rest = judged.again.take();
    Ok((judged, rest))
}

/// A question that got no answer leaves no outcome unknown.
fn nothing_was_sent(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Again { class: Class::Unknown, reason, wait, counts } => {
            Verdict::Again { class: Class::Busy, reason, wait, counts }
        }
        other => other,
    }
}

/// Leaves out of `request` what `output` tells to be stored already. Gives also what was settled by that. `failures` counts
/// the questions in a row that got no answer.
pub(super) async fn look_up(output: &dyn Output, request: Request, failures: &mut u32) -> (Looked, Judged) {
    let stored = match output.stored(&request, *failures).await {
        Ok(stored) => stored,
        Err(verdict) => {
            let is_unanswered = matches!(verdict, Verdict::Again { class: Class::Unknown, .. });
            *failures = if is_unanswered { *failures + 1 } else { 0 };
            return (Looked::Later(request, nothing_was_sent(verdict)), Judged::default());
        }
    };
    *failures = 0;
    match leave_out(request, &stored) {
        Ok((judged, rest)) => (rest.map_or(Looked::Nothing, Looked::Rest), judged),
        Err(error) => {
            error!(component = "delivery", %error, "a request cannot be read back: bug");
            (Looked::Nothing, Judged::default())
        }
    }
}
