//! Secrets that are known by what stands around them: headers of HTTP, addresses with a password, keys between their lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// What follows `Bearer`.
pub(in super::super) const BEARER: Detector = Detector {
    entity: "bearer",
    group: Group::Secret,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        let token = candidate.plain;
        let varies = token.iter().any(u8::is_ascii_digit) || token.iter().any(u8::is_ascii_uppercase);
        let is_joined = token.len() >= 12 && token.iter().any(|byte| matches!(byte, b'.' | b'_' | b'~'));
        (token.len() >= 8 && varies || token.len() >= 16 || is_joined).then_some(Shape::Canonical)
    },
    context: &["authorization"],
    summary: "Token of an `Authorization: Bearer` header",
    source: "RFC 6750, 2.1; RFC 7616 and RFC 4559 for Digest and Negotiate",
    matches: &[
        "Authorization: Bearer [[mF_9.B5f-4.1JqM]]",
        "bearer [[abcdefgh12345678==]]",
        "\"Bearer [[abcdefghIjkl=]]\", Bearer [[abcdefghIjkl=]]",
        "Authorization: Bearer [[abcdefghijklmnop]] Bearer [[abcdef.ghijk]] x",
        "Negotiate [[YIIabcdefGH12==]] x",
        "Digest [[username=\"Mufasa\", realm=\"x\", nonce=\"dcd98b\", uri=\"/d\", qop=auth, response=\"6629fae4\"]] x",
    ],
    rejects: &[
        "bearer token missing",
        "Bearer realm=\"x\"",
        "the bearer of news, bearer authentication failed",
        "token_type=Bearer expires_in=3600 token_type: bearer created_at=1732147200",
        "tokenType=Bearer tokenExpiry=3600 Bearer tokenExpiry=3600",
        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>",
    ],
};

/// What follows `Basic`: a name and a password in Base64.
pub(in super::super) const BASIC: Detector = Detector {
    entity: "basic_auth",
    check: |candidate: &Candidate<'_>| {
        let mut plain = [0; 192];
        // Only the beginning of a long one is read: the colon is there.
        let text = &candidate.plain[..candidate.plain.len().min(256)];
        let text = &text[..text.len() / 4 * 4];
        let length = STANDARD.decode_slice(text, &mut plain).ok()?;
        let is_text = plain[..length].iter().all(|byte| matches!(byte, b' '..=b'~' | 0x80..));
        (is_text && plain[..length].contains(&b':')).then_some(Shape::Canonical)
    },
    summary: "Name and password of an `Authorization: Basic` header",
    source: "RFC 7617",
    matches: &["Authorization: Basic [[QWxhZGRpbjpvcGVuIHNlc2FtZQ==]]", "basic [[dXNlcjpwYXNz]]"],
    rejects: &["basic authentication failed", "Basic YWJjZGVmZ2g="],
    ..BEARER
};

/// Name and password in an address, before the `@`.
pub(in super::super) const USERINFO: Detector = Detector {
    entity: "url_userinfo",
    check: |candidate| {
        let name = candidate.plain;
        let is_program = [&b"git"[..], b"hg", b"svn"].contains(&name);
        (!name.is_empty() && !is_program && !is_masked_token(name) && !super::named::is_nothing(name))
            .then_some(Shape::Canonical)
    },
    summary: "Name and password in an address: `scheme://name:password@host`",
    source: "RFC 3986, 3.2.1",
    matches: &[
        "postgres://[[app:s3cret]]@db:5432/x",
        "https://[[jane:p@ss]]@example.org/",
        "https://[[x-token-auth]]@example.org",
    ],
    rejects: &[
        "ssh://git@example.org/x",
        "https://example.org/@jane",
        "http://a b@c",
        "https://oauth2:*****-****4242@h/x",
    ],
    ..BEARER
};

/// Whether an account is one of those that go with a token and name nobody, and most of that is covered already.
fn is_masked_token(account: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [b"oauth2:", b"x-access-token:", b"x-token-auth:", b"gitlab-ci-token:"];
    let token = NAMES.iter().find_map(|name| account.strip_prefix(*name));
    token.is_some_and(|token| memchr::memmem::find(token, b"****").is_some())
}

/// A private key between its lines.
pub(in super::super) const PRIVATE_KEY: Detector = Detector {
    entity: "private_key",
    check: |_| Some(Shape::Canonical),
    context: &["private_key"],
    summary: "Private key in PEM, to its last line or the end of the text",
    source: "RFC 7468; OpenSSH, PROTOCOL.key",
    matches: &[
        "key [[-----BEGIN RSA PRIVATE KEY-----\\nMIIEabc\\n-----END RSA PRIVATE KEY-----]] x",
        "[[-----BEGIN PRIVATE KEY-----\nMIIEabc]]",
    ],
    rejects: &["-----BEGIN CERTIFICATE-----\nMIIEabc", "BEGIN PRIVATE KEY"],
    ..BEARER
};
