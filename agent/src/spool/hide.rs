//! The names of sources as they may be written: a path may tell who somebody is.

use std::borrow::Cow;
use std::sync::Arc;

/// What makes of the name of a source what may be written. The pipeline hands it in where a filter redacts.
#[derive(Clone)]
pub struct Hide(Arc<dyn Fn(String) -> String + Send + Sync>);

impl Hide {
    /// One that writes a name as `hide` gives it.
    pub fn new(hide: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(hide))
    }
}

impl std::fmt::Debug for Hide {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Hide")
    }
}

/// `name` as it may be written: as it is without `hide`.
pub(super) fn shown<'n>(hide: Option<&Hide>, name: Cow<'n, str>) -> Cow<'n, str> {
    match hide {
        Some(Hide(hide)) => hide(name.into_owned()).into(),
        None => name,
    }
}
