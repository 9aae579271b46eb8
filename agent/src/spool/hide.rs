//! The names of sources, and what the other side says, as they may be written: a path may tell who somebody is.

use std::borrow::Cow;
use std::sync::Arc;

/// What makes of such a text what may be written. The pipeline hands it in where a filter redacts.
#[derive(Clone)]
pub struct Hide(Arc<dyn Fn(String) -> String + Send + Sync>);

impl Hide {
    /// One that writes a text as `hide` gives it.
    pub fn new(hide: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(hide))
    }
}

impl std::fmt::Debug for Hide {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Hide")
    }
}

/// `text` as it may be written: as it is without `hide`.
pub(super) fn shown<'n>(hide: Option<&Hide>, text: Cow<'n, str>) -> Cow<'n, str> {
    match hide {
        Some(Hide(hide)) => hide(text.into_owned()).into(),
        None => text,
    }
}
