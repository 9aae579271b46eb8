//! What a stream is called, and what tells it from others, in few bytes: there may be ten thousand of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// Name of a stream for people. Shares the path of a file with whoever else holds it.
#[derive(Clone, Debug)]
pub struct Name(Arc<Path>);

impl Name {
    /// As text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        self.0.to_string_lossy()
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl From<Arc<Path>> for Name {
    fn from(path: Arc<Path>) -> Self {
        Self(path)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(Path::new(text).into())
    }
}

/// Longest identity that needs no memory of its own: that of a file.
const SHORT: usize = 24;

/// Bytes that tell a source from others of its input.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Those before the length.
    Short([u8; SHORT], u8),
    /// More of them.
    Long(Box<[u8]>),
}

impl Deref for Identity {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => &bytes[..usize::from(*length)],
            Self::Long(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Identity {
    fn from(identity: Vec<u8>) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..identity.len()), u8::try_from(identity.len())) {
            (Some(short), Ok(length)) => {
                short.copy_from_slice(&identity);
                Self::Short(bytes, length)
            }
            _ => Self::Long(identity.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_what_it_was_made_of_whether_it_is_short_or_long() {
        for length in [0, 1, SHORT, SHORT + 1, 300] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).expect("below 251")).collect();
            let identity = Identity::from(bytes.clone());
            assert_eq!(*identity, bytes);
            assert_eq!(matches!(identity, Identity::Long(_)), length > SHORT);
        }
    }

    #[test]
    fn a_name_shares_the_path_it_was_made_of() {
        let path: Arc<Path> = Path::new("/var/log/a.log").into();
        let name = Name::from(Arc::clone(&path));
        assert_eq!((Arc::strong_count(&path), name.text().as_ref()), (2, "/var/log/a.log"));
        assert_eq!(name.to_string(), "/var/log/a.log");
    }
}
