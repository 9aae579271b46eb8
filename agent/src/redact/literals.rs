//! Known beginnings: tokens of vendors, `Bearer`, `-----BEGIN`, `/home/`. Each word is asked by its first four bytes, which most
//! often a table of bits denies.

use std::ops::Range;

use super::Detector;
use super::commands::{COMMANDS, Command};
use super::ends::Kind;
use super::hooks::HOOKS;
use super::known::Known;
use super::scanner::Pass;
use super::secret::vendors::BEGINNINGS;

/// What a beginning leads to.
#[derive(Clone, Copy, Debug)]
enum Lead {
    Token(u16),
    Bearer,
    Basic,
    Begin,
    Home,
    User,
    For,
    Sid,
    Cvv,
    Expiry,
    Account,
    Argument,
    Option,
    /// The same of a word that is known as a name by itself, so that it need not be known by how it begins.
    Named,
    Identified,
    Serialized,
    Rows,
    Among,
    Like,
    Between,
    Refused,
    Rejected,
    Track,
    TrackName,
    Hook(u16),
    Bot(u16),
    BotToken(u16),
    Deed,
    Member,
    Crontab,
    Connection,
    LoginFor,
    Bracketed,
    FailedLogin,
    Positional,
    Mechanism,
    Login,
    Hash,
    Su,
    Sudo,
    Radius,
    Proxied,
    Shared,
    Recipient,
    Configured,
    Event,
    Connected,
    Distinguished,
    Date(usize),
    Command(&'static Command),
}

/// Beginnings that are no tokens of vendors, of four bytes.
const LEADS: &[(&[u8; 4], Lead)] = &[
    (b"Bear", Lead::Bearer),
    (b"bear", Lead::Bearer),
    (b"BEAR", Lead::Bearer),
    (b"Nego", Lead::Bearer),
    (b"Dige", Lead::Bearer),
    (b"Basi", Lead::Basic),
    (b"basi", Lead::Basic),
    (b"BASI", Lead::Basic),
    (b"BEGI", Lead::Begin),
    (b"home", Lead::Home),
    (b"Home", Lead::Home),
    (b"User", Lead::Home),
    (b"User", Lead::User),
    (b"user", Lead::Home),
    (b"user", Lead::User),
    (b"USER", Lead::Home),
    (b"USER", Lead::User),
    (b"FOR ", Lead::LoginFor),
    (b"sql(", Lead::Bracketed),
    (b"pam(", Lead::Bracketed),
    (b"imap", Lead::Bracketed),
    (b"pop3", Lead::Bracketed),
    (b"lmtp", Lead::Bracketed),
    (b"lda(", Lead::Bracketed),
    (b"ldap", Lead::Bracketed),
    (b"HIER", Lead::Proxied),
    (b"dav/", Lead::Shared),
    (b"orig", Lead::Recipient),
    (b"Conf", Lead::Configured),
    (b"Auth", Lead::Event),
    (b"Buil", Lead::Connected),
    (b"Tear", Lead::Connected),
    (b"Logi", Lead::FailedLogin),
    (b"net ", Lead::Positional),
    (b"net.", Lead::Positional),
    (b"htpa", Lead::Positional),
    (b"echo", Lead::Positional),
    (b"aws ", Lead::Positional),
    (b"Conv", Lead::Positional),
    (b"mail", Lead::Home),
    (b"for ", Lead::For),
    (b"S-1-", Lead::Sid),
    (b"cvv ", Lead::Cvv),
    (b"cvc ", Lead::Cvv),
    (b"CVV ", Lead::Cvv),
    (b"CVC ", Lead::Cvv),
    (b"exp ", Lead::Expiry),
    (b"expi", Lead::Expiry),
    (b"TTY=", Lead::Account),
    (b"CMD ", Lead::Account),
    (b"pass", Lead::Argument),
    (b"PASS", Lead::Argument),
    (b"Pass", Lead::Argument),
    (b"Kenn", Lead::Argument),
    (b"wach", Lead::Argument),
    (b"Wach", Lead::Argument),
    (b"senh", Lead::Argument),
    (b"Senh", Lead::Argument),
    (b"logi", Lead::Argument),
    (b"requ", Lead::Argument),
    (b"role", Lead::User),
    (b"Role", Lead::User),
    (b"clie", Lead::User),
    (b"OK L", Lead::Deed),
    (b"OK U", Lead::Deed),
    (b"OK D", Lead::Deed),
    (b"OK M", Lead::Deed),
    (b"OK R", Lead::Deed),
    (b"FAIL", Lead::Deed),
    (b"Peer", Lead::Deed),
    (b"add ", Lead::Member),
    (b"dele", Lead::Member),
    (b"grou", Lead::Member),
    (b"RELO", Lead::Crontab),
    (b"LIST", Lead::Crontab),
    (b"REPL", Lead::Crontab),
    (b"BEGI", Lead::Crontab),
    (b"END ", Lead::Crontab),
    (b"sqlp", Lead::Connection),
    (b"expd", Lead::Connection),
    (b"impd", Lead::Connection),
    (b"AUTH", Lead::Mechanism),
    (b"LOGI", Lead::Login),
    (b"IDEN", Lead::Identified),
    (b"iden", Lead::Identified),
    (b"argo", Lead::Hash),
    (b"su: ", Lead::Su),
    (b"sudo", Lead::Sudo),
    (b"Logi", Lead::Radius),
    (b"toke", Lead::Argument),
    (b"Toke", Lead::Argument),
    (b"secr", Lead::Argument),
    (b"Secr", Lead::Argument),
    (b"user", Lead::Argument),
    (b"key ", Lead::Argument),
    (b"key,", Lead::Argument),
    (b"key\"", Lead::Argument),
    (b"key'", Lead::Argument),
    (b"key\\", Lead::Argument),
    (b"Key ", Lead::Argument),
    (b"Key,", Lead::Argument),
    (b"Key\"", Lead::Argument),
    (b"Key'", Lead::Argument),
    (b"Key\\", Lead::Argument),
    (b"Pwd ", Lead::Argument),
    (b"Pwd,", Lead::Argument),
    (b"Pwd\"", Lead::Argument),
    (b"Pwd'", Lead::Argument),
    (b"Pwd\\", Lead::Argument),
    (b"pwd ", Lead::Argument),
    (b"pwd,", Lead::Argument),
    (b"pwd\"", Lead::Argument),
    (b"pwd'", Lead::Argument),
    (b"pwd\\", Lead::Argument),
    (b"pin ", Lead::Option),
    (b"pin,", Lead::Option),
    (b"pin\"", Lead::Option),
    (b"pin'", Lead::Option),
    (b"otp ", Lead::Option),
    (b"otp,", Lead::Option),
    (b"otp\"", Lead::Option),
    (b"otp'", Lead::Option),
    (b"otp-", Lead::Option),
    (b"otpC", Lead::Option),
    (b"pin_", Lead::Named),
    (b"pin-", Lead::Named),
    (b"otp_", Lead::Named),
    (b"totp", Lead::Named),
    (b"psk ", Lead::Named),
    (b"psk,", Lead::Named),
    (b"psk\"", Lead::Named),
    (b"mdp ", Lead::Named),
    (b"mdp,", Lead::Named),
    (b"mdp\"", Lead::Named),
    (b"sid ", Lead::Named),
    (b"sid,", Lead::Named),
    (b"sid\"", Lead::Named),
    (b"apik", Lead::Named),
    (b"acce", Lead::Named),
    (b"cook", Lead::Named),
    (b"cred", Lead::Named),
    (b"firs", Lead::Option),
    (b"last", Lead::Option),
    (b"full", Lead::Option),
    (b"fami", Lead::Option),
    (b"give", Lead::Option),
    (b"surn", Lead::Option),
    (b"maid", Lead::Option),
    (b"pren", Lead::Option),
    (b"vorn", Lead::Option),
    (b"nach", Lead::Option),
    (b"nomb", Lead::Option),
    (b"apel", Lead::Option),
    (b"nome", Lead::Option),
    (b"cogn", Lead::Option),
    (b"naam", Lead::Option),
    (b"voor", Lead::Option),
    (b"acht", Lead::Option),
    (b"imie", Lead::Option),
    (b"nazw", Lead::Option),
    (b"sobr", Lead::Option),
    (b"titu", Lead::Option),
    (b"kont", Lead::Option),
    (b"adre", Lead::Option),
    (b"ansc", Lead::Option),
    (b"indi", Lead::Option),
    (b"stra", Lead::Option),
    (b"ulic", Lead::Option),
    (b"mora", Lead::Option),
    (b"nom ", Lead::Option),
    (b"nom,", Lead::Option),
    (b"nom\"", Lead::Option),
    (b"nom'", Lead::Option),
    (b"nom-", Lead::Option),
    (b"cvv ", Lead::Option),
    (b"cvv,", Lead::Option),
    (b"cvv\"", Lead::Option),
    (b"cvv'", Lead::Option),
    (b"cvc ", Lead::Option),
    (b"Give", Lead::Option),
    (b"Surn", Lead::Option),
    (b"SamA", Lead::Option),
    (b"User", Lead::Option),
    (b"VALU", Lead::Rows),
    (b"valu", Lead::Rows),
    (b"IN (", Lead::Among),
    (b"in (", Lead::Among),
    (b"IN('", Lead::Among),
    (b"in('", Lead::Among),
    (b"IN(\"", Lead::Among),
    (b"in(\"", Lead::Among),
    (b"IN((", Lead::Among),
    (b"in((", Lead::Among),
    (b"BETW", Lead::Between),
    (b"betw", Lead::Between),
    (b"LIKE", Lead::Like),
    (b"like", Lead::Like),
    (b"ILIK", Lead::Like),
    (b"ilik", Lead::Like),
    (b"reje", Lead::Rejected),
    (b"Dupl", Lead::Refused),
    (b"dupl", Lead::Refused),
    (b"Inco", Lead::Refused),
    (b"Cast", Lead::Refused),
    (b"Prev", Lead::Refused),
    (b"trac", Lead::TrackName),
    (b"Trac", Lead::TrackName),
    (b"TRAC", Lead::TrackName),
];

/// What makes dates in programs, up to their bracket.
const DATES: &[&[u8]] = &[b"date(", b"datetime(", b"Date(", b"Date.of(", b"LocalDate.of(", b"LocalDateTime.of("];

/// Bytes of a token that something is glued to.
const PIECE: usize = 512;

/// How numbers of cards begin on the first track of their stripe.
const TRACKS: &[&[u8; 2]] = &[b"B2", b"B3", b"B4", b"B5", b"B6"];

/// How tokens of bots begin behind their number.
const BOTS: &[&[u8; 3]] = &[b"AAA", b"AAB", b"AAC", b"AAD", b"AAE", b"AAF", b"AAG", b"AAH"];

/// The beginnings of what is enabled.
#[derive(Debug)]
pub(super) struct Literals {
    /// Bits of these bytes.
    heads: Box<[u64; HEADS]>,
    /// The first four bytes and what they lead to, with the whole beginning.
    leads: Vec<(u32, Lead, &'static [u8])>,
    /// Where the leads begin whose first four bytes share a place, and behind the last place where they end.
    places: Box<[u16]>,
}

impl Literals {
    /// The beginnings of `detectors`.
    pub(super) fn new(detectors: &[&'static Detector], known: &mut Known) -> Self {
        let find = |name: &str| detectors.iter().position(|detector| detector.entity == name).map(|at| at as u16);
        let mut literals = Self { heads: Box::new([0; HEADS]), leads: Vec::new(), places: Box::default() };
        for (beginning, entity) in BEGINNINGS {
            let Some(detector) = find(entity) else { continue };
            let bytes = beginning.as_bytes();
            match *bytes {
                [one, two, three] => {
                    (0..=255).for_each(|four| literals.add([one, two, three, four], Lead::Token(detector), bytes))
                }
                [one, two, three, four, ..] => literals.add([one, two, three, four], Lead::Token(detector), bytes),
                _ => {}
            }
        }
        for (beginning, lead) in LEADS {
            literals.add(**beginning, *lead, &beginning[..]);
        }
        for (track, number) in TRACKS.iter().flat_map(|track| (0..100).map(move |number| (*track, number))) {
            let head = [track[0], track[1], b'0' + number / 10, b'0' + number % 10];
            literals.add(head, Lead::Track, track);
        }
        literals.add_hooks(&find);
        for maker in DATES.iter().filter(|_| find("birth_date").is_some()) {
            let head = maker.first_chunk();
            head.into_iter().for_each(|head| literals.add(*head, Lead::Date(maker.len() - 1), maker));
        }
        for (length, mark) in
            (1..10).map(|length| (length, b':')).chain((10..40).map(|length| (length / 10, length % 10 + b'0')))
        {
            literals.add([b's', b':', b'0' + length, mark], Lead::Serialized, b"s:");
        }
        for command in COMMANDS {
            let head = command.program.first_chunk();
            head.into_iter().for_each(|head| literals.add(*head, Lead::Command(command), command.program));
        }
        debug_assert!(
            literals.leads.iter().all(|(.., whole)| !whole[0].is_ascii_digit()),
            "a number is not looked up among beginnings"
        );
        let unknown = literals.leads.iter().filter(|(_, lead, _)| !matches!(lead, Lead::Named));
        unknown.for_each(|(.., whole)| known.put_beginning(whole));
        literals.leads.sort_by_key(|(head, ..)| (place(*head), *head));
        let first = |wanted| literals.leads.partition_point(|(head, ..)| place(*head) < wanted) as u16;
        literals.places = (0..=PLACES).map(first).collect();
        literals
    }

    /// What leads to hooks and to tokens of bots, of which all begin alike, and to the messages of processes.
    fn add_hooks(&mut self, find: &impl Fn(&str) -> Option<u16>) {
        for (hook, entity) in HOOKS {
            let lead = hook.first_chunk().zip(find(entity));
            lead.into_iter().for_each(|(head, detector)| self.add(*head, Lead::Hook(detector), hook));
        }
        for letter in (0..=255_u8).filter(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) {
            self.add([b'c', b'n', b'=', letter], Lead::Distinguished, b"cn=");
            self.add([b'C', b'N', b'=', letter], Lead::Distinguished, b"CN=");
        }
        for digit in b'0'..=b'9' {
            self.add([b's', b'u', b'[', digit], Lead::Su, b"su[");
        }
        let Some(detector) = find("service_token") else { return };
        for digit in b'0'..=b'9' {
            self.add([b'b', b'o', b't', digit], Lead::Bot(detector), b"bot");
        }
        for whole in BOTS {
            let others = (0..=127_u8).filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            others
                .for_each(|last| self.add([whole[0], whole[1], whole[2], last], Lead::BotToken(detector), &whole[..]));
        }
    }

    /// What may lead on from these four bytes.
    #[inline(always)]
    fn leads(&self, head: u32) -> &[(u32, Lead, &'static [u8])] {
        match self.places.get(place(head)..) {
            Some([first, end, ..]) => &self.leads[usize::from(*first)..usize::from(*end)],
            _ => &[],
        }
    }

    fn add(&mut self, head: [u8; 4], lead: Lead, whole: &'static [u8]) {
        let head = u32::from_le_bytes(head);
        let (word, bit) = head_place(head);
        self.heads[word] |= 1 << bit;
        self.leads.push((head, lead, whole));
    }

    /// Whether anything may begin with these four bytes.
    #[inline(always)]
    pub(super) fn may_begin(&self, head: u32) -> bool {
        let (word, bit) = head_place(head);
        self.heads[word] >> bit & 1 == 1
    }
}

/// Places among which leads are found, a power of two.
const PLACES: usize = 4096;

/// The place of these four bytes.
#[inline(always)]
fn place(head: u32) -> usize {
    (head.wrapping_mul(0x9e37_79b1) >> 20) as usize & (PLACES - 1)
}

/// Words of bits for these four bytes, a power of two.
const HEADS: usize = 1 << 10;

/// The word and the bit for them.
#[inline(always)]
fn head_place(head: u32) -> (usize, u32) {
    let hash = head.wrapping_mul(0x9e37_79b1) >> 16;
    ((hash >> 6) as usize & (HEADS - 1), hash & 63)
}

impl Pass<'_> {
    /// Whether what begins at `at` is known by its beginning and done with.
    pub(super) fn literal(&mut self, at: usize) -> bool {
        let Some(head) = self.text[at..].first_chunk() else { return false };
        let (engine, head) = (self.engine, u32::from_le_bytes(*head));
        engine.literals.leads(head).iter().any(|(other, lead, whole)| {
            let is_one = *other == head && (whole.len() <= 4 || self.text[at..].starts_with(whole));
            is_one && self.may_follow(at, *lead) && self.follow(at, whole.len(), *lead)
        })
    }

    /// Whether what stands beside the word at `at` allows what it most often leads to.
    #[inline(always)]
    fn may_follow(&self, at: usize, lead: Lead) -> bool {
        match lead {
            Lead::Home => matches!(self.byte_before(at, 1), b'/' | b'\\'),
            Lead::User => matches!(self.byte(self.masks.word_end(at)), b'@' | b' ' | b':' | b'/'),
            Lead::Argument => self.may_be_argument(at),
            Lead::Option => self.may_be_option(at),
            Lead::Named => self.byte_before(at, 1) == b'-',
            _ => true,
        }
    }

    // Most words that are looked at lead to nothing.
    #[inline(never)]
    fn follow(&mut self, at: usize, length: usize, lead: Lead) -> bool {
        let own = &self.engine.own;
        match lead {
            Lead::Token(detector) => self.vendor_token(at, length, detector),
            Lead::Bearer => self.behind(at, |pass, start| {
                !pass.is_type(at, start)
                    && (pass.digest(start)
                        || !pass.is_pair(start) && pass.token(start, own.bearer, |byte| b".~+/=".contains(&byte)))
            }),
            Lead::Basic => {
                self.behind(at, |pass, start| pass.token(start, own.basic_auth, |byte| b"+/=".contains(&byte)))
            }
            Lead::Sid => self.sid(at),
            Lead::Cvv => self.behind(at, |pass, start| pass.token(start, own.cvv, |_| false)),
            Lead::Expiry if self.text[at..].starts_with(b"expired") => false,
            Lead::Expiry => self.behind(at, |pass, start| pass.token(start, own.card_expiry, |byte| byte == b'/')),
            Lead::Begin => self.private_key(at),
            Lead::Home => self.home(at),
            Lead::User => self.user(at),
            Lead::For => self.for_user(at),
            Lead::Account => self.account_before(at),
            Lead::Argument => self.argument(at),
            Lead::Option | Lead::Named => self.named_option(at),
            Lead::Hash => self.hashed(at),
            Lead::Identified => self.identified(at),
            Lead::Track => self.track(at),
            Lead::TrackName => self.lettered_track(at),
            Lead::Hook(detector) => self.hook(at + length, detector),
            Lead::Bot(detector) => self.bot(at, detector),
            Lead::BotToken(detector) => self.token_of_bot(at, detector),
            Lead::Deed => self.deed(at),
            Lead::Member => self.member(at),
            Lead::Crontab => self.crontab(at),
            Lead::Connection => self.connection(at),
            Lead::LoginFor => self.login_for(at),
            Lead::Bracketed => self.bracketed_user(self.masks.word_end(at)),
            Lead::FailedLogin => self.failed_login(at),
            Lead::Positional => self.positional(at),
            Lead::Mechanism => self.mechanism(at),
            Lead::Login => self.imap_login(at),
            Lead::Su => self.su(at),
            Lead::Sudo => self.sudo(at),
            Lead::Radius => self.radius(at),
            Lead::Proxied => self.proxied_user(at),
            Lead::Shared => self.shared_folder(at),
            Lead::Recipient => self.original_recipient(at),
            Lead::Configured => self.configured_by(at),
            Lead::Event => self.event_of(at),
            Lead::Connected => self.connected_user(at),
            Lead::Distinguished => self.distinguished(at),
            Lead::Date(open) => self.constructed_date(at, at + open),
            Lead::Serialized => self.serialized(at),
            Lead::Rows => self.rows(at),
            Lead::Among => self.among(at),
            Lead::Like => self.like(at),
            Lead::Between => self.between(at),
            Lead::Refused => self.refused(at),
            Lead::Rejected => self.rejected(at),
            Lead::Command(command) => {
                self.command(at, command);
                false
            }
        }
    }

    /// Goes on with what stands behind the word at `at` and one space.
    fn behind(&mut self, at: usize, then: impl FnOnce(&mut Self, usize) -> bool) -> bool {
        let end = self.masks.word_end(at);
        self.byte(end) == b' ' && then(self, end + 1)
    }

    /// Asks for the letters, digits, `_`, `-` and dots from `at` on, or for fewer: what is glued to a token with a dot or a hyphen is no
    /// part of it, `sk_live_….json`.
    fn vendor_token(&mut self, at: usize, length: usize, detector: u16) -> bool {
        let is_glued = self.byte_before(at, 1) == b'-';
        // In other names the key of something is one as well.
        if is_glued && self.text[at..].starts_with(b"key-") {
            return false;
        }
        let end = self.end_of(at, Kind::Token);
        // All of a run is asked for once behind a hyphen, since in a flood of beginnings each has one before it.
        if !is_glued || self.memory.glued != end {
            self.memory.glued = if is_glued { end } else { self.memory.glued };
            if self.ask_to(Some(detector), at..end) {
                return true;
            }
        }
        let text = self.text;
        let inside = text.get(at + length..end.min(at + PIECE)).unwrap_or_default();
        // Three dots stand behind the parts of a token for the web.
        let ends =
            [memchr::memchr(b'.', inside), memchr::memchr_iter(b'.', inside).nth(2), memchr::memchr(b'-', inside)];
        self.steps_of(inside.len() / 8);
        ends.into_iter().flatten().any(|place| self.ask_to(Some(detector), at..at + length + place))
    }

    /// Asks for the identifier of Windows at `at`. Others may begin within it, behind small letters.
    fn sid(&mut self, at: usize) -> bool {
        if self.byte_before(at, 1) == b'-' {
            return false;
        }
        let end = self.end_of(at, Kind::Word);
        self.ask_to(self.engine.own.windows_sid, at..end)
    }

    /// Asks for the letters, digits, `_`, `-` and `others` from `start` on, behind a blank, so that each run is read once.
    fn token(&mut self, start: usize, detector: Option<u16>, others: impl Fn(u8) -> bool) -> bool {
        let text = self.text.get(start..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || others(*byte);
        let length = text.iter().take_while(|byte| is_part(byte)).count();
        self.steps_of(length);
        let length = text[..length].iter().rposition(|byte| *byte != b'.').map_or(0, |last| last + 1);
        self.ask_to(detector, start..start + length)
    }

    /// Asks for `span`, and is done with it if it is one.
    fn ask_to(&mut self, detector: Option<u16>, span: Range<usize>) -> bool {
        let end = span.end;
        let is_found = !span.is_empty() && self.ask(detector, span);
        if is_found {
            self.next = end;
        }
        is_found
    }

    /// Where the run of this `kind` ends that `start` belongs to.
    pub(super) fn end_of(&mut self, start: usize, kind: Kind) -> usize {
        let (end, read) = self.memory.ends.find(self.text, start, kind);
        self.steps_of(read);
        end
    }

    /// `-----BEGIN RSA PRIVATE KEY-----`, up to its last line or the end of the text.
    fn private_key(&mut self, at: usize) -> bool {
        const DASHES: &[u8] = b"-----";
        let detector = self.engine.own.private_key;
        if detector.is_none() {
            return false;
        }
        let head = &self.text[at..self.text.len().min(at + 64)];
        let Some(title) = memchr::memmem::find(head, DASHES) else { return false };
        if !self.text[..at].ends_with(DASHES)
            || !head[..title].ends_with(b"PRIVATE KEY") && !head[..title].ends_with(b"PRIVATE KEY BLOCK")
        {
            return false;
        }
        let rest = &self.text[at + title..];
        let end = memchr::memmem::find(rest, b"-----END").and_then(|end| {
            let behind = &rest[end + 8..];
            memchr::memmem::find(behind, DASHES).map(|dashes| at + title + end + 8 + dashes + DASHES.len())
        });
        let start = at - DASHES.len();
        let end = end.unwrap_or(self.text.len());
        let is_found = self.ask(detector, start..end);
        self.next = if is_found { end } else { self.next };
        is_found
    }
}
