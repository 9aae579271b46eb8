//! E-mail addresses.

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// What the engine finds around an `@`.
pub(in super::super) const EMAIL: Detector = Detector {
    entity: "email",
    group: Group::Contact,
    tier: Tier::One,
    form: Form::Scanned,
    check,
    context: &["courriel", "mel", "mail", "email", "e_mail", "correo", "posta", "correio"],
    summary: "E-mail address, also with `%40`, `\\u0040` or `&#64;` in place of the `@`",
    source: "RFC 5321, 4.1.2 and 4.5.3.1; RFC 5890 for names of other scripts",
    matches: &[
        "mail [[jane.doe@example.org]] sent",
        "to=<[[jane@mail.example.co.uk]]>, relay",
        "to=<[[JANE.DOE@EXAMPLE.ORG]]>, <[[JANEMARTIN42@EXAMPLE.ORG]]>",
        "\"[[o'brien+test@exa-mple.fr]]\"",
        "email=[[jane%40example.org]]&x=1",
        "user [[jane\\u0040example.org]] gone",
        "write to [[jane&#64;example.org]].",
        "(see [[j_d@xn--bcher-kva.example]]).",
        "mailto:[[jane@example.org]]?subject=x",
        "open /var/log/mail/[[jane.doe@example.org]].log failed",
        "rotated [[jane@example.org]].log.1 and old",
        "rotated [[jane@example.org]].log.1.gz and old",
        "rotated [[jane@example.org]].log-20261130 and old",
        "rotated [[jane@example.org]].20261130.tar.gz",
        "kept [[jane@example.org]].1",
        "kept [[jane@163.com]]-1",
        "kept [[jane@example.org]]2",
        "kept [[jane@example.org]].s3",
    ],
    rejects: &[
        "pkg@1.2.3 lodash@4.17.21",
        "started getty@tty1.service and user@1000.service",
        "clone git@github.com:org/repo.git",
        "java.lang.Object@1f2e3d4c",
        "root@host says",
        "icon@2x.png",
        "react@18.2.0.tgz vue@latest.min.js app@v1.tar.gz a@b.log app@v1.bundle.js",
        "foo@2.0.rc1 foo@2.0.0-rc.1 foo@v2.beta3 foo@v1.rc2 getty@tty1.service.1 unit@1000.service.d",
        "@example.org a@ @b a..b@example.org",
        "a@b",
    ],
};

/// Behind the last dot, what is no name of the net: units of systemd, files, versions.
const NOT_TOP: &[&[u8]] = &[
    b"service",
    b"socket",
    b"target",
    b"timer",
    b"mount",
    b"slice",
    b"scope",
    b"device",
    b"swap",
    b"path",
    b"automount",
    b"png",
    b"jpg",
    b"jpeg",
    b"gif",
    b"svg",
    b"webp",
    b"ico",
    b"js",
    b"css",
    b"json",
    b"yaml",
    b"yml",
    b"xml",
    b"html",
    b"jar",
    b"tgz",
    b"gz",
    b"zip",
    b"conf",
    b"cfg",
    b"log",
    b"txt",
    b"java",
    b"cpp",
    b"class",
    b"internal_",
    b"beta",
    b"alpha",
    b"snapshot",
    b"final",
    b"rc",
    b"tar",
    b"min",
    b"bundle",
    b"module",
];
/// Names before the `@` that are programs.
const NOT_PERSONS: &[&[u8]] = &[b"git", b"hg", b"svn"];

/// Most labels behind a domain that are looked at: `.log.1.gz`.
const ENDINGS: usize = 4;

/// How many bytes `domain` begins with that are a domain, or all: a file may be named after an address, `jane@example.org.log.1`.
pub(in super::super) fn length_of_domain(domain: &[u8]) -> usize {
    let mut end = domain.len();
    for _ in 0..=ENDINGS {
        let start = memchr::memrchr(b'.', &domain[..end]).map_or(0, |dot| dot + 1);
        if is_domain(&domain[..end]) {
            return end;
        }
        let letters = domain[start..end].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (top, behind) = domain[start..end].split_at(letters);
        if is_numbered(behind) && is_named(&domain[..start], top) && is_domain(&domain[..start + letters]) {
            return start + letters;
        }
        if start == 0 {
            break;
        }
        end = start - 1;
    }
    domain.len()
}

/// Whether `behind` a name is the number of a rotated file: `1`, `-20261130`.
fn is_numbered(behind: &[u8]) -> bool {
    let digits = behind.strip_prefix(b"-").unwrap_or(behind);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether the last label of `before` the dot at its end has a letter, or `top` is no version behind it: `4.0.dev1`, but `163.com-1`.
fn is_named(before: &[u8], top: &[u8]) -> bool {
    let label = before.rsplit(|byte| *byte == b'.').nth(1).unwrap_or_default();
    label.iter().any(u8::is_ascii_alphabetic) || top.eq_ignore_ascii_case(b"com")
}

/// `plain` is the whole address with one `@` in it.
fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let at = candidate.plain.iter().position(|byte| *byte == b'@')?;
    let (local, domain) = (&candidate.plain[..at], &candidate.plain[at + 1..]);
    let is_dotted = |name: &[u8]| {
        name.first() == Some(&b'.') || name.last() == Some(&b'.') || name.windows(2).any(|two| two == b"..")
    };
    if local.is_empty()
        || local.len() > 64
        || is_dotted(local)
        || NOT_PERSONS.iter().any(|name| local.eq_ignore_ascii_case(name))
    {
        return None;
    }
    is_domain(domain).then_some(Shape::Canonical)
}

/// Whether `domain` has at least two labels and ends with a name that may be a top-level domain.
fn is_domain(domain: &[u8]) -> bool {
    let mut last: &[u8] = b"";
    let mut labels = 0;
    for label in domain.split(|byte| *byte == b'.') {
        if label.is_empty() || label.len() > 63 || label.first() == Some(&b'-') || label.last() == Some(&b'-') {
            return false;
        }
        last = label;
        labels += 1;
    }
    let is_name = last.iter().all(u8::is_ascii_alphabetic) || last.starts_with(b"xn--") || !last.is_ascii();
    labels >= 2 && last.len() >= 2 && is_name && !NOT_TOP.iter().any(|name| last.eq_ignore_ascii_case(name))
}
