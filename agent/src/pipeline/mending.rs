//! Refused items that their output can put into another form: they are sent again before they become dead letters.

use std::sync::Arc;

use super::judge::Refused;
use crate::plugin::{Body, BodyEncoding, Item, Lot, Output, Request, Stream};

/// Asks `output` for other forms of what was refused. Gives what is refused for good, and a request of the other forms.
pub(super) fn mend(
    output: &dyn Output,
    refused: Vec<Refused>,
    places: &[(Arc<Stream>, Arc<str>)],
    (encoding, attempts): (BodyEncoding, u32),
) -> (Vec<Refused>, Option<Request>) {
    let mut for_good = Vec::new();
    let mut body = Body::new(encoding);
    let (mut items, mut lots) = (Vec::new(), Vec::new());
    for item in refused {
        let Some(other) = output.mend(&item.bytes, &item.refusal) else {
            for_good.push(item);
            continue;
        };
        body.buffer().extend_from_slice(&other);
        let end = u32::try_from(body.len()).expect("a few refused items stay below 4 GiB");
        let lot = u32::try_from(lots.len()).expect("a request has fewer than 2^32 items");
        items.push(Item { end, lot, offset: item.offset });
        let (stream, tag) = &places[item.lot];
        lots.push(Lot { share: item.share, stream: Arc::clone(stream), tag: Arc::clone(tag), may_be_stored: false });
        body.compress_slice();
    }
    let request = (!items.is_empty()).then(|| Request {
        plain_length: body.len(),
        body: body.seal(),
        encoding,
        first_item: 0,
        items,
        lots,
        attempts,
        may_spool: false,
    });
    (for_good, request)
}
