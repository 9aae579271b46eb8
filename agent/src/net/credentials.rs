//! Who the agent is to the other side: user and password, a bearer token or an API key.
//!
//! Each is given as a value, in a file, or as a credential of systemd. Files are read again when they change, which is looked
//! for on use and at most once a second, and whenever the other side refuses ([`Credentials::refresh`]). What cannot be read
//! leaves the last good ones in place. Nothing here waits, and nothing here prints a secret.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::files::{Pace, Stamp, others_may_read};
use crate::config::{OptionType, Secret, read_bounded};

crate::options! {
    /// Options of credentials. At most one of user, token and key is set.
    pub struct AuthOptions {
        http_user: Credential, optional, "User for basic authentication, or `credential:NAME` for a credential of systemd.";
        http_user_file: PathBuf, optional, "File with the user, in place of `http_user`.";
        http_passwd: Credential, optional, "Password for basic authentication, or `credential:NAME`.";
        http_passwd_file: PathBuf, optional, "File with the password, in place of `http_passwd`. It is read again when it changes, as all files of credentials are.";
        bearer_token: Credential, optional, "Token that is sent as `Authorization: Bearer`, or `credential:NAME`.";
        bearer_token_file: PathBuf, optional, "File with the token, in place of `bearer_token`.";
        api_key: Credential, optional, "Key that is sent as `Authorization: ApiKey`, or `credential:NAME`.";
        api_key_file: PathBuf, optional, "File with the key, in place of `api_key`.";
    }
}

/// A secret as it is given in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The text itself.
    Given(Secret),
    /// Name of a file in the directory of systemd's credentials.
    Named(String),
}

impl OptionType for Credential {
    const KIND: &'static str = "secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let Some(name) = text.strip_prefix("credential:") else { return Secret::parse(text).map(Self::Given) };
        let is_name = (1..=255).contains(&name.len()) && !name.contains('/') && !matches!(name, "." | "..");
        if is_name {
            Ok(Self::Named(name.to_owned()))
        } else {
            Err("the name of a credential behind `credential:`".into())
        }
    }
}

/// Why there are no credentials.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CredentialError {
    /// The option to blame, in lower case.
    pub key: &'static str,
    /// What is wrong, without the secret.
    pub message: String,
    /// Whether it is missing only because no service manager handed it in, as when a configuration is checked by hand.
    pub is_unmanaged: bool,
    /// Whether another option is missing that it needs.
    pub is_incomplete: bool,
}

/// What a look at the files came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewal {
    /// They changed and are in use from now on.
    Renewed,
    /// They changed, cannot be used, and the last good ones are kept; why. Said once.
    Kept(String),
}

/// Credentials in use.
#[derive(Debug)]
pub struct Credentials {
    scheme: Scheme,
    state: Mutex<State>,
}

#[derive(Debug)]
enum Scheme {
    Basic { user: Source, password: Source },
    Token { word: &'static str, token: Source },
}

/// Where one secret comes from.
#[derive(Debug)]
struct Source {
    key: &'static str,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Given(Secret),
    File(PathBuf),
}

#[derive(Debug)]
struct State {
    /// Marked as sensitive, so that it does not print itself.
    header: HeaderValue,
    stamps: Vec<Option<Stamp>>,
    pace: Pace,
    /// What was last said about files that cannot be used.
    told: Option<String>,
}

/// Largest secret: servers take no larger header.
const LARGEST: u64 = 16 << 10;

impl Credentials {
    /// Reads what `options` name, `None` when they name nothing. Credentials of systemd lie in `directory`.
    ///
    /// # Errors
    /// When a file cannot be used, or options contradict each other.
    pub fn open(options: &AuthOptions, directory: Option<&Path>) -> Result<Option<Self>, CredentialError> {
        let Some(scheme) = scheme(options, directory)? else { return Ok(None) };
        let stamps = scheme.stamps();
        let header = scheme.header()?;
        let state = State { header, stamps, pace: Pace::default(), told: None };
        Ok(Some(Self { scheme, state: Mutex::new(state) }))
    }

    /// The value of the header `Authorization`.
    pub fn header(&self) -> HeaderValue {
        self.state().header.clone()
    }

    /// Reads files again that have changed; looks for that at most once a second. `None` when nothing changed.
    pub fn look(&self, now: Instant) -> Option<Renewal> {
        let mut state = self.state();
        let is_worth_a_look = self.scheme.files().next().is_some() && state.pace.is_due(now);
        if !is_worth_a_look || (state.told.is_none() && state.stamps == self.scheme.stamps()) {
            return None;
        }
        self.read(&mut state)
    }

    /// Reads all files again, changed or not: the other side does not take what is in use.
    pub fn refresh(&self) -> Option<Renewal> {
        self.scheme.files().next()?;
        self.read(&mut self.state())
    }

    /// Files that every user of this machine may read, with their options.
    pub fn exposed(&self) -> Vec<(&'static str, PathBuf)> {
        let exposed = self.scheme.files().filter(|(_, path)| others_may_read(path));
        exposed.map(|(key, path)| (key, path.to_owned())).collect()
    }

    fn read(&self, state: &mut State) -> Option<Renewal> {
        // Taken first: what is written while it is read is seen by the next look.
        let stamps = self.scheme.stamps();
        match self.scheme.header() {
            Ok(header) => {
                let is_new = header != state.header;
                (state.header, state.stamps, state.told) = (header, stamps, None);
                is_new.then_some(Renewal::Renewed)
            }
            Err(CredentialError { message, .. }) => {
                let is_told = state.told.as_ref() == Some(&message);
                state.told = Some(message.clone());
                (!is_told).then_some(Renewal::Kept(message))
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scheme {
    fn sources(&self) -> impl Iterator<Item = &Source> {
        let (first, second) = match self {
            Self::Basic { user, password } => (user, Some(password)),
            Self::Token { token, .. } => (token, None),
        };
        std::iter::once(first).chain(second)
    }

    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.sources().filter_map(|source| match &source.place {
            Place::Given(_) => None,
            Place::File(path) => Some((source.key, path.as_path())),
        })
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        self.files().map(|(_, path)| Stamp::of(path)).collect()
    }

    fn header(&self) -> Result<HeaderValue, CredentialError> {
        let (text, key) = match self {
            Self::Basic { user, password } => {
                let (name, secret) = (user.read()?, password.read()?);
                if name.expose().contains(':') {
                    return Err(flaw(user.key, "the user of basic authentication may not hold `:`"));
                }
                let pair = STANDARD.encode(format!("{}:{}", name.expose(), secret.expose()));
                (format!("Basic {pair}"), password.key)
            }
            Self::Token { word, token } => (format!("{word} {}", token.read()?.expose()), token.key),
        };
        let mut header = HeaderValue::try_from(text)
            .map_err(|_| flaw(key, format!("the secret of `{key}` holds a character that cannot be sent")))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl Source {
    /// The secret; of a file without the newline at its end.
    fn read(&self) -> Result<Secret, CredentialError> {
        let path = match &self.place {
            Place::Given(secret) => return Ok(secret.clone()),
            Place::File(path) => path,
        };
        let unusable = |why: String| flaw(self.key, format!("cannot use the secret in `{}`: {why}", path.display()));
        let text = read_bounded(path, LARGEST).map_err(unusable)?;
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Err(unusable("it is empty".into()));
        }
        Secret::parse(text).map_err(unusable)
    }
}

fn scheme(options: &AuthOptions, directory: Option<&Path>) -> Result<Option<Scheme>, CredentialError> {
    let source = |keys, value, file| source(keys, (value, file), directory);
    let user = source(["http_user", "http_user_file"], &options.http_user, &options.http_user_file)?;
    let password = source(["http_passwd", "http_passwd_file"], &options.http_passwd, &options.http_passwd_file)?;
    let bearer = source(["bearer_token", "bearer_token_file"], &options.bearer_token, &options.bearer_token_file)?;
    let api_key = source(["api_key", "api_key_file"], &options.api_key, &options.api_key_file)?;
    let keys: Vec<&str> = [&user, &bearer, &api_key].into_iter().flatten().map(|source| source.key).collect();
    if let [first, second, ..] = keys[..] {
        let key = bearer.as_ref().or(api_key.as_ref()).map_or("http_user", |source| source.key);
        return Err(flaw(key, format!("`{first}` and `{second}` are both set: a request has one kind of credentials")));
    }
    if let (None, Some(Source { key, .. })) = (&user, &password) {
        let message = format!("`{key}` is set without `http_user`: set it too, or take the password away");
        return Err(CredentialError { is_incomplete: true, ..flaw(key, message) });
    }
    let token = |word, token| Scheme::Token { word, token };
    let basic = user.map(|user| {
        // Without a password it is empty, as in Fluent Bit.
        let none = Source { key: "http_passwd", place: Place::Given(Secret::default()) };
        Scheme::Basic { user, password: password.unwrap_or(none) }
    });
    Ok(basic.or(bearer.map(|bearer| token("Bearer", bearer))).or(api_key.map(|key| token("ApiKey", key))))
}

/// Where a secret comes from that is given under the first of `keys`, or as a file under the second.
fn source(
    keys: [&'static str; 2],
    given: (&Option<Credential>, &Option<PathBuf>),
    directory: Option<&Path>,
) -> Result<Option<Source>, CredentialError> {
    let [key, file_key] = keys;
    let source = |key, place| Ok(Some(Source { key, place }));
    match given {
        (Some(_), Some(_)) => Err(flaw(file_key, format!("`{key}` and `{file_key}` are both set"))),
        (None, None) => Ok(None),
        (None, Some(path)) => source(file_key, Place::File(path.clone())),
        (Some(Credential::Given(secret)), None) => source(key, Place::Given(secret.clone())),
        (Some(Credential::Named(name)), None) => match directory {
            Some(directory) => source(key, Place::File(directory.join(name))),
            None => Err(CredentialError {
                key,
                message: format!("`{key}` is a credential of systemd, and `CREDENTIALS_DIRECTORY` is not set"),
                is_unmanaged: true,
                is_incomplete: false,
            }),
        },
    }
}

fn flaw(key: &'static str, message: impl Into<String>) -> CredentialError {
    CredentialError { key, message: message.into(), is_unmanaged: false, is_incomplete: false }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::super::tests::{Entries, read};
    use super::*;

    fn open(entries: Entries<'_>, directory: &Path) -> Result<Option<Credentials>, CredentialError> {
        Credentials::open(&read(entries), Some(directory))
    }

    fn header(credentials: &Credentials) -> String {
        credentials.header().to_str().expect("ASCII").to_owned()
    }

    /// Puts a file in the place of the one that was there, as tools do that distribute secrets.
    fn put(path: &Path, text: &str) {
        let new = path.with_extension("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(&new, path).expect("renamed");
    }

    #[test]
    fn a_secret_comes_from_its_value_a_file_or_a_credential_of_systemd() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("it");
        put(&path, "secret-42\r\n");
        let file = path.to_str().expect("a path");
        let basic = "Basic bWU6c2VjcmV0LTQy";
        let cases: [(Entries<'_>, Option<&str>); 9] = [
            (&[], None),
            (&[("http_user", "me"), ("http_passwd", "secret-42")], Some(basic)),
            (&[("http_user", "me"), ("http_passwd_file", file)], Some(basic)),
            (&[("http_user", "me"), ("http_passwd", "credential:it")], Some(basic)),
            (&[("http_user", "me")], Some("Basic bWU6")),
            (&[("http_user_file", file)], Some("Basic c2VjcmV0LTQyOg==")),
            (&[("bearer_token_file", file)], Some("Bearer secret-42")),
            (&[("api_key", "credential:it")], Some("ApiKey secret-42")),
            (&[("api_key_file", file)], Some("ApiKey secret-42")),
        ];
        for (entries, expected) in cases {
            let credentials = open(entries, directory.path()).expect("they can be read");
            assert_eq!(credentials.as_ref().map(header).as_deref(), expected, "{entries:?}");
            assert!(!format!("{credentials:?}").contains("secret-42"), "{credentials:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_option() {
        let directory = tempfile::tempdir().expect("a directory");
        let [empty, large, broken] = ["empty", "large", "broken"].map(|name| directory.path().join(name));
        put(&empty, "\n");
        put(&large, &"x".repeat(20_000));
        put(&broken, "secret\n42");
        let [empty, large, broken] = [&empty, &large, &broken].map(|path| path.to_str().expect("a path"));
        let cases: [(Entries<'_>, &str, &str); 11] = [
            (&[("http_passwd", "b")], "http_passwd", "`http_passwd` is set without `http_user`"),
            (&[("http_passwd_file", large)], "http_passwd_file", "without `http_user`"),
            (&[("http_passwd", "b"), ("api_key", "a")], "http_passwd", "without `http_user`"),
            (&[("api_key_file", "/no/such/file")], "api_key_file", "No such file"),
            (&[("api_key_file", empty)], "api_key_file", "it is empty"),
            (&[("bearer_token_file", large)], "bearer_token_file", "larger than 16384 bytes"),
            (&[("bearer_token_file", broken)], "bearer_token_file", "cannot be sent"),
            (&[("http_user", "a:b")], "http_user", "may not hold `:`"),
            (&[("http_user", "a"), ("api_key", "b")], "api_key", "`http_user` and `api_key` are both set"),
            (&[("api_key", "a"), ("api_key_file", "b")], "api_key_file", "are both set"),
            (&[("api_key", "credential:nope")], "api_key", "nope"),
        ];
        for (entries, key, part) in cases {
            let error = open(entries, directory.path()).expect_err(part);
            assert!(error.key == key && error.message.contains(part), "{entries:?}: {error:?}");
        }
        let unmanaged = Credentials::open(&read(&[("api_key", "credential:it")]), None).expect_err("no directory");
        assert!(unmanaged.is_unmanaged && unmanaged.message.contains("CREDENTIALS_DIRECTORY"), "{unmanaged:?}");
        assert!(Credential::parse("credential:../x").is_err());
    }

    #[test]
    fn a_changed_file_is_seen_within_a_second_and_what_cannot_be_used_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("it");
        put(&path, "one");
        let credentials = open(&[("api_key", "credential:it")], directory.path()).expect("read").expect("a key");
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(credentials.look(at(0)), None);

        put(&path, "two");
        assert_eq!(credentials.look(at(999)), None);
        assert_eq!(header(&credentials), "ApiKey one");
        assert_eq!(credentials.look(at(1000)), Some(Renewal::Renewed));
        assert_eq!(header(&credentials), "ApiKey two");

        std::fs::write(&path, "").expect("emptied");
        assert!(matches!(credentials.look(at(2000)), Some(Renewal::Kept(why)) if why.contains("it is empty")));
        assert_eq!(credentials.look(at(3000)), None);
        assert_eq!(header(&credentials), "ApiKey two");

        std::fs::remove_file(&path).expect("removed");
        put(&path, "three");
        assert_eq!(credentials.look(at(4000)), Some(Renewal::Renewed));
        assert_eq!(header(&credentials), "ApiKey three");
    }

    #[test]
    fn a_refresh_reads_at_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("it");
        put(&path, "one");
        let credentials = open(&[("api_key", "credential:it")], directory.path()).expect("read").expect("a key");
        let now = Instant::now();
        assert_eq!((credentials.look(now), credentials.refresh()), (None, None));

        put(&path, "two");
        assert_eq!((credentials.look(now), credentials.refresh()), (None, Some(Renewal::Renewed)));
        assert_eq!(header(&credentials), "ApiKey two");
    }

    #[test]
    fn a_file_that_everybody_may_read_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("it");
        put(&path, "one");
        let credentials = open(&[("api_key", "credential:it")], directory.path()).expect("read").expect("a key");
        let allow = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("changed");

        allow(0o640);
        assert_eq!(credentials.exposed(), []);
        allow(0o644);
        assert_eq!(credentials.exposed(), [("api_key", path.clone())]);
    }
}
