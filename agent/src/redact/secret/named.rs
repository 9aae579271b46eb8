//! Secrets that are known by the name before them: `password=…`. The context of these detectors are the names.

use super::super::filter::Listed;
use super::super::pairs::BARE;
use super::super::schemes::{is_list_of_parameters, scheme_length};
use super::super::sure::{SURE, SURE_QUOTED};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// What opens an account.
pub(in super::super) const PASSWORD: Detector = Detector {
    entity: "password",
    group: Group::Secret,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        let value = candidate.plain;
        let is_prose = !candidate.separators.is_empty() && value.iter().all(u8::is_ascii_lowercase);
        let is_said = is_state(value) || is_complaint(value) || is_port_of_board(value) || is_hash_function(value);
        // What the preferences of apt pin.
        let is_pinned = candidate.groups == [BARE] && [&b"version"[..], b"release", b"origin"].contains(&value);
        (!is_nothing(value) && !is_prose && !is_path(value) && !is_count(value) && !is_said && !is_pinned)
            .then_some(Shape::Canonical)
    },
    context: &[
        "password",
        "passwd",
        "pwd",
        "pass",
        "passphrase",
        "passcode",
        "userpassword",
        "dbpassword",
        "mot_de_passe",
        "mdp",
        "motdepasse",
        "palavra_passe",
        "palavrapasse",
        "pass_word",
        "pass_phrase",
        "requirepass",
        "passwort",
        "kennwort",
        "contrasena",
        "clave",
        "senha",
        "wachtwoord",
        "haslo",
        "parola",
        "pin",
        "pin_code",
        "new_password",
        "old_password",
        "newpassword",
        "oldpassword",
        "password_confirmation",
        "password_confirm",
        "password_repeat",
        "dbpass",
        "userpwd",
        "psk",
        "pw",
        "ansible_become_pass",
        "pgpassword",
        "mysql_pwd",
        "sshpass",
        "losenord",
        "salasana",
        "adgangskode",
        "otp",
        "totp",
        "heslo",
        "jelszo",
        "lozinka",
        "zaporka",
        "geslo",
        "slaptazodis",
        "parole",
        "parool",
        "kodikos",
        "passord",
        "kodeord",
        "psw",
        "pswd",
        "storepass",
        "keypass",
        "activation_code",
        "verification_code",
        "otp_code",
        "totp_code",
        "mfa_code",
        "sms_code",
        "two_factor_code",
        "one_time_code",
        "recovery_code",
        "backup_code",
        "mfa_token",
        "otp_token",
        "totp_token",
        "sms_token",
        "two_factor_token",
        "puk",
        "puk_code",
        "seed_phrase",
        "recovery_phrase",
        "mnemonic_phrase",
        "security_answer",
        "secret_answer",
        "password_hash",
        "passwordhash",
        "password_digest",
        "pwd_digest",
        "passwd_digest",
        "pass_digest",
        "password_md",
        "password_bcrypt",
        "passwd_hash",
        "pass_hash",
        "pwd_hash",
        "pw_hash",
    ],
    summary: "Password behind its name",
    source: "names in the languages of the Union; gitleaks and detect-secrets for those of configuration files",
    matches: &[
        "login password=[[hunter2]] ok",
        "<ns:passwd>[[H86zGwaPNpd4]]</ns:passwd> <wachtwoord>[[pwYFaZnh9wWR]]</wachtwoord>",
        "DETAIL:  Key (senha)=([[cfsiHyRF3LaV]]) already exists.",
        "PASSWORD: [[hunter2]]",
        "\"password\":\"[[p\\\\\\\"w d]]\",\"x\":1",
        "DB_PASSWORD='[[s3 cret]]'",
        "mot_de_passe=[[azerty]]&x",
        "dbPassword => \"[[x y]]\"",
        "{\\\"pwd\\\":\\\"[[secret-42]]\\\"}",
        "pin=[[1234]]",
        "run --password [[hunter2]] --host x",
        "COMMAND=/usr/bin/mysql -u root -p[[S3cr3t!]] -h db01 prod",
        "mysqldump -p'[[a b]]' x; curl -s -u [[admin:hunter2]] https://x",
        "curl --user [[admin:hunter2]] https://x",
        "sshpass -p [[hunter2]] ssh root@10.0.0.1",
        "docker login -u jane -p [[hunter2]] registry",
        "ldapsearch -x -D cn=admin -w [[hunter2]] -b dc=x",
        "redis-cli -h x -a [[hunter2]] ping",
        "contraseña=[[hunter2]] hasło: \"[[hunter2]]\"",
        "\"password\":\"[[a\\\"b c]]\",\"x\":1",
        "{\"log\":\"{\\\"pwd\\\":\\\"[[a\\\\\\\"b]]\\\"}\"}",
        "('user', 'x'), ('password', '[[hunter2]]')",
        "password= [[Zm9vYmFyYmF6=]] password= [[aB3:dE5gH]]",
        "password = hashlib.md5(\"[[hunter2]]\") password = os.environ.get(\"PW\", \"[[hunter2]]\")",
        "palavra-passe: [[hunter2]] passWord=[[hunter2]] userPassword:: [[aHVudGVyMg==]] --requirepass [[hunter2]]",
        "requirepass [[hunter2]]",
        "zip -er -P [[hunter2]] out.zip",
        "{\"password_hash\":\"[[$2y$10$N9qo8uLOickgx2ZMRZoMye]]\",\"passwordHash\":\"[[$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA]]\"}",
        "SET password_digest='[[$2b$12$N9qo8uLOickgx2ZMRZoMye]]' mfa_token=[[482913]] \"puk\":\"[[12345678]]\"",
        "password=[[john.doe]] password=[[a.b(c]]) user[password]: [[hunter2]] [\"password\"]: [[hunter2]]",
    ],
    rejects: &[
        "{\"password\":[\"\"],\"message\":\"something important\"}",
        "password: ok password: changed password: required passwd: files \"update_password\":\"always\" \"pin\":\"GPIO17\"",
        "\"password\":[\"is too short (minimum is 8 characters)\",\"can't be blank\"]",
        "{\"password\":[\"<password>\"],\"email\":[\"required\"]}",
        "{\"auth\":{\"type\":\"oidc\"},\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}",
        "{\"grant_type\":\"password\",\"client_id\":\"web\"}",
        "[\"id\",\"password\",\"email\"] (\"password\", \"email\", \"id\")",
        "{\"name\":\"password\",\"type\":\"keyword\"}",
        "password= user=ok",
        "Failed password for root",
        "password=null password=*** password= x",
        "{\"password_hash\":\"bcrypt\"} password_hash=argon2id",
        "password: must be longer",
        "Pin: version 1.2.3*",
        "password=<password>",
        "passwordless=true",
        "if (password == x)",
        "password_file=/run/x",
        "mysql -u root -p -h db01",
        "mysql -P 3306 -p$PASSWORD",
        "docker run -p 8080:80 nginx",
        "curl/8.5.0 -u",
        "curl -u admin https://x",
        "ldap -w",
        "usage: --password PASSWORD or --password-file FILE --password",
        "sudo: root : TTY=pts/0 ; PWD=/var/www ; USER=root ; COMMAND=/bin/ls",
        "password = ? password=$1 password=:password password=:newPassword password=$DB_PASSWORD",
        "password=%PW% password=${PW} password={{ pw }} password=#{pw}",
        "printf(\"Password: %s\", pw) password=%s password = %(password)s",
        "first pass: 12.3ms second pass: 4s",
        "gdm-password]: pam_unix(gdm-password:auth): authentication failure",
        "gdm-password]: gkr-pam: unable to locate daemon control file",
        "password = System.getenv(\"X\") password=getenv(\"PW\") password: env('DB_PW')",
        "password = os.environ[\"X\"] password = $_POST['password'] password = params[\"password\"]",
        "password: process.env.DB_PASSWORD, password = self.password password=var.db_password",
        "password = getpass.getpass() password = config.get(\"db.password\")",
        "password = bcrypt.hashpw(password, salt) password = pw.encode(\"utf-8\")",
    ],
};

/// Keys and tokens.
pub(in super::super) const SECRET: Detector = Detector {
    entity: "secret",
    check: |candidate| {
        let scheme = scheme_length(candidate.plain);
        let value = &candidate.plain[scheme..];
        if scheme > 0 && is_list_of_parameters(value) {
            return Some(Shape::Canonical);
        }
        let value = &value[..value.len().min(SEEN)];
        if matches!(candidate.groups, [SURE | SURE_QUOTED]) && is_sure(value, candidate) {
            return Some(Shape::Canonical);
        }
        if value.len() < 8 {
            return None;
        }
        let kinds = value.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
        let is_mixed = kinds & DIGIT != 0 && kinds & (CAPITAL | SMALL) != 0 || is_jumbled(value);
        // The name of a thing, and what is in it.
        let is_thing = !matches!(candidate.groups, [1 | 4]) && kinds & OPENS != 0 && opens_behind_name(value);
        let may_fit = !is_thing
            && kinds & SPACE == 0
            && (is_mixed || (value.len() >= 20 && candidate.separators.is_empty()) || candidate.groups == [1]);
        if !may_fit || is_mostly_hidden(value) {
            return None;
        }
        let may_be_random = kinds & DIGIT != 0 && kinds & CAPITAL != 0 && kinds & SMALL != 0;
        let is_path = value
            .strip_prefix(b"/")
            .is_some_and(|path| is_path(value) || path.contains(&b'/') && !(may_be_random && is_random(value)));
        let is_scheme = [&b"bearer"[..], b"basic", b"digest", b"negotiate", b"undefined", b"required"]
            .iter()
            .any(|scheme| value.eq_ignore_ascii_case(scheme));
        let fits = !is_path && !is_scheme && !is_nothing(value);
        (fits && !is_well_known_sid(value) && !is_numbered_session(value)).then_some(Shape::Canonical)
    },
    context: &[
        "secret",
        "client_secret",
        "clientsecret",
        "token",
        "access_token",
        "accesstoken",
        "refresh_token",
        "id_token",
        "auth_token",
        "authtoken",
        "api_token",
        "session_token",
        "csrf_token",
        "xsrf_token",
        "api_key",
        "apikey",
        "api_secret",
        "access_key",
        "accesskey",
        "secret_key",
        "secretkey",
        "private_key",
        "aws_secret_access_key",
        "secret_access_key",
        "secret_key_base",
        "app_key",
        "app_secret",
        "master_key",
        "signing_secret",
        "account_key",
        "accountkey",
        "encryption_key",
        "signing_key",
        "auth_key",
        "shared_key",
        "jeton",
        "cle",
        "cle_api",
        "cle_secrete",
        "schluessel",
        "chiave",
        "sleutel",
        "klucz",
        "chave",
        "authorization",
        "x_api_key",
        "x_auth_token",
        "credential",
        "credentials",
        "application_key",
        "application_secret",
        "consumer_key",
        "consumer_secret",
        "webhook_secret",
        "client_assertion",
        "bearer",
        "auth",
        "license_key",
        "sas",
        "sig",
        "signature",
        "x_amz_signature",
        "x_amz_security_token",
        "security_token",
        "nonce_secret",
        "jwt_secret",
        "session_secret",
        "cookie_secret",
        "shared_secret",
        "vault_token",
        "scw_secret_key",
        "session_id",
        "sessionid",
        "session",
        "sid",
        "shared_access_signature",
        "code_verifier",
        "samlresponse",
        "saml_response",
    ],
    summary: "Key, token or other secret behind its name",
    source: "gitleaks, generic rule; OAuth 2.0 (RFC 6749); AWS Signature 4; Azure shared access signatures; OVH, Outscale and Scaleway interfaces",
    matches: &[
        "api_key=[[abcd1234efgh]] x",
        "clientSecret: \"[[Abc~defgh.ijkl]]\"",
        "SCW_SECRET_KEY=[[11111111-1111-4111-8111-111111111111]]",
        "AccountKey=[[Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4==]];Endpoint",
        "&access_token=[[ya29abcdefgh]]&y",
        "AWS_SECRET_ACCESS_KEY=[[/jm5o4eAGHJs/wdX3MGkiiULwAuQW4qDS/oWo4yB]]",
        "\"refreshToken\":\"[[1//0abcDEFghi]]\"",
        "SECRET_KEY_BASE=[[0123456789abcdef0123456789abcdef]]",
        "Authorization: NTLM [[TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=]]",
        "Proxy-Authorization: GenieKey [[eb243592-faa2-4ba2-a551-0ebbb5d2a2b5]]",
        "\"authorization\":\"[[GenieKey eb243592-faa2-4ba2-a551-0ebbb5d2a2b5]]\"",
        "Authorization: [[Hawk id=\"dh37fgj492je\", ts=\"1353832234\", mac=\"6R4rV5iE+NPoym=\"]]",
        "Authorization: [[AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=fe5f80f77d5fa3be]]",
        "Authorization: Bot [[MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs]]",
        "SAMLResponse=[[PHNhbWxwOlJlc3BvbnNlIHhtbG5z]]&x code_verifier=[[dBjftJeZ4CVP-mB92K27uhbUJU1p1r]]",
        "APP_KEY=[[base64:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF=]]",
        "%B4111111111111111[[^DOE/JOHN^25121010000000000123]]?;4111111111111111[[=25121010000012345678]]?",
        "track2=;4111111111111111[[=25121010000012345678]]?",
        "track2=4111111111111111[[=25121010000000000000]]",
        "track2=4111111111111111[[D25121010000000000000F]] x",
        "\"track2\":\"4111111111111111[[D2512101000000000]]\"",
        "track1=B4111111111111111[[^DUPONT/JEAN^25121010000000000000]]",
    ],
    rejects: &[
        "Unexpected token: foo",
        "max_tokens=1024 token=abc",
        "secret: unknown",
        "token_type=bearer",
        "authorization: required for access Authorization: Granted 2026-11-30 Authorization: Bearer failed",
        "Authorization: Bearer x",
        "session: opened",
        "sid=0",
        "key=/vol1/keys/server-2026.pem secret=/run/secrets/db",
        "token = AppWindowToken{3227890 x",
        "sid: S-1-5-18 sid=S-1-5-32-544 \"sid\":\"S-1-5-19\"",
        "session: session-0001 x",
    ],
    ..PASSWORD
};

/// What a browser carries.
pub(in super::super) const COOKIE: Detector = Detector {
    entity: "cookie",
    check: |candidate| {
        let cookie = candidate.plain;
        // Words are a sentence about one.
        let is_sentence = cookie.contains(&b' ') && !cookie.contains(&b'=');
        (cookie.len() >= 4 && !is_sentence && !is_nothing(cookie) && !is_state(cookie)).then_some(Shape::Canonical)
    },
    context: &[
        "cookie",
        "cookies",
        "set_cookie",
        "phpsessid",
        "jsessionid",
        "asp_net_sessionid",
        "aspsessionid",
        "connect_sid",
        "laravel_session",
        "_ga",
        "ga",
        "fbp",
        "csrftoken",
        "remember_me",
        "remember_token",
        "http_cookie",
        "sessid",
        "cfduid",
        "wordpress_logged_in",
    ],
    summary: "Cookie of a browser, or a session in it",
    source: "RFC 6265; names that PHP, Java, ASP.NET, Express, Laravel and Django give",
    matches: &[
        "Cookie: [[a=1; b=2]]",
        "PHPSESSID=[[0123456789abcdef]]; x",
        "\"set-cookie\":\"[[id=a3fWa; Secure]]\"",
        ";jsessionid=[[8A3C]]?x",
    ],
    rejects: &["cookie=- x", "cookies=12", "Cookies: 12", "cookie: disabled", "\"cookies\":\"enabled\""],
    ..PASSWORD
};

/// What stands behind `?` or `&` in an address of the web.
pub(in super::super) const QUERY: Detector = Detector {
    entity: "url_parameter",
    check: |candidate| {
        let value = &candidate.plain[..candidate.plain.len().min(SEEN)];
        // All of it is looked at, which goes many bytes at once.
        let varies =
            value.iter().fold(false, |varies, byte| varies | byte.is_ascii_digit() | byte.is_ascii_uppercase());
        let is_name = candidate.groups == [3] && value.len() >= 2 && value.iter().any(u8::is_ascii_alphabetic);
        (!is_nothing(value) && (is_name || (value.len() >= 8 && varies))).then_some(Shape::Canonical)
    },
    context: &[
        "code",
        "state",
        "sig",
        "signature",
        "key",
        "session",
        "sid",
        "ticket",
        "name",
        "nom",
        "user",
        "user_name",
        "lastname",
        "firstname",
        "code_verifier",
        "samlresponse",
        "assertion",
        "hmac",
    ],
    summary: "Value in an address of the web, behind the name of a secret or a person",
    source: "RFC 3986, 3.4; OAuth 2.0 (RFC 6749); SAML 2.0 bindings",
    matches: &["GET /cb?code=[[4%2F0AbCdEf123]]&x=1", "/s?q=1&name=[[Dupont]] HTTP", "?state=[[xyzABC12345]]"],
    rejects: &["/x?code=200", "code=AbCdEf123456", "/x?key=abc"],
    ..PASSWORD
};

/// What bytes of a secret are.
const DIGIT: u8 = 1;
const CAPITAL: u8 = 2;
const SMALL: u8 = 4;
const OPENS: u8 = 8;
const SPACE: u8 = 16;

static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 256 {
        kinds[at] = match at as u8 {
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => CAPITAL,
            b'a'..=b'z' => SMALL,
            b'{' | b'(' | b'[' => OPENS,
            b' ' => SPACE,
            _ => 0,
        };
        at += 1;
    }
    kinds
};

/// Bytes of a value that tell whether it is a secret.
const SEEN: usize = 64;

/// Shortest credential behind a scheme that is not known.
const CREDENTIAL: usize = 16;

/// Whether `word`, behind what may be a scheme, is more than prose has.
pub(in super::super) fn is_credential(word: &[u8]) -> bool {
    let kinds = word.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
    word.len() >= CREDENTIAL && kinds & DIGIT != 0 && kinds & (CAPITAL | SMALL) != 0 && !is_path(word)
}

/// Whether a value says that there is none, or is covered already.
pub fn is_nothing(value: &[u8]) -> bool {
    static WORDS: Listed = Listed::new(&[
        b"null",
        b"none",
        b"nil",
        b"true",
        b"false",
        b"undefined",
        b"-",
        b"yes",
        b"no",
        b"redacted",
        b"[redacted]",
        b"hidden",
        b"masked",
        b"filtered",
        b"[filtered]",
        b"unknown",
        b"protected",
        b"removed",
        b"omitted",
        b"sensitive",
        b"scrubbed",
        b"[hidden]",
        b"[masked]",
        b"(sensitive value)",
        b"n/a",
        b"(null)",
        b"...",
        b"(none)",
    ]);
    let is_covered = value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'#' | b'-'));
    let is_token = matches!(value.first(), Some(b'<' | b'[')) && super::super::token::is_own(value);
    is_covered || is_token || super::stand_in::is_stand_in(value) || WORDS.has(value)
}

/// Whether a value is one behind a name that means nothing but a secret, however it is made.
fn is_sure(value: &[u8], candidate: &Candidate<'_>) -> bool {
    let is_prose = !candidate.separators.is_empty() || value.contains(&b' ');
    let opens = |byte: &u8| KINDS[usize::from(*byte)] & OPENS != 0;
    let is_quoted = candidate.groups == [SURE_QUOTED];
    // Classes have a capital letter.
    let is_word = || value.iter().take_while(|byte| !opens(byte)).all(|byte| !byte.is_ascii_uppercase());
    let is_brace = || value.iter().find(|byte| opens(byte)) == Some(&b'{');
    let is_thing = !is_quoted
        && value.iter().skip(1).any(opens)
        && !value.first().is_some_and(opens)
        && opens_behind_name(value)
        && !(is_brace() && is_word());
    let is_said = is_state(value) || is_count(value) || value.starts_with(b"/") || is_mostly_hidden_of(value, SHORTEST);
    !is_prose && !is_thing && !is_said && !is_nothing(value)
}

/// Shortest secret behind such a name.
const SHORTEST: usize = 4;

/// Whether a value is letters alone, capitals and small ones in no order that words have: `VTvYfBhnNFAWGvpQ`.
fn is_jumbled(value: &[u8]) -> bool {
    const JUMBLED: usize = 12;
    let is_capital = |at: usize| value.get(at).is_some_and(u8::is_ascii_uppercase);
    let has = |capitals: [bool; 3]| (0..value.len() - 2).any(|at| [at, at + 1, at + 2].map(is_capital) == capitals);
    let turns = || (1..value.len()).filter(|at| is_capital(*at) != is_capital(at - 1)).count();
    let may_be = value.len() >= JUMBLED && value.iter().all(u8::is_ascii_alphabetic);
    may_be
        && turns() * 5 >= value.len() * 2
        && has([true, false, true])
        && (has([true, true, false]) || has([false, true, true]))
}

/// Whether a bracket opens in `value` at its beginning or behind a name.
fn opens_behind_name(value: &[u8]) -> bool {
    let is_open = |byte: &u8| KINDS[usize::from(*byte)] & OPENS != 0;
    let name = value.split(is_open).next().unwrap_or_default();
    // Macros end with an exclamation mark.
    let name = name.strip_suffix(b"!").unwrap_or(name);
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-' | b'<' | b'>' | b'$');
    !name.first().is_some_and(u8::is_ascii_digit) && !is_humped(name) && name.iter().all(is_part)
}

/// Whether capitals and small letters change in `name` more often than in those of classes: `aBc`, `VTvY`.
fn is_humped(name: &[u8]) -> bool {
    let letters = || name.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::is_ascii_uppercase);
    let changes = letters().zip(letters().skip(1)).filter(|(one, next)| one != next).count();
    let turns = changes - usize::from(letters().take(2).eq([true, false]));
    turns > 1 && turns * 2 >= name.len()
}

/// Whether less is left of a value than makes a secret when what stands for others is left out: `\"<phone_fr>\"`.
fn is_mostly_hidden(value: &[u8]) -> bool {
    is_mostly_hidden_of(value, 8)
}

/// The same where `shortest` bytes make one.
fn is_mostly_hidden_of(value: &[u8], shortest: usize) -> bool {
    let (mut rest, mut left) = (value, 0);
    while left < shortest
        && let Some(place) = memchr::memchr2(b'<', b'[', rest)
    {
        let length = super::super::token::own_length(&rest[place..]).unwrap_or_default();
        left += place + usize::from(length == 0);
        rest = &rest[place + length.max(1)..];
    }
    left + rest.len() < shortest
}

/// Whether a value counts something, as behind tests: `pass=12`, `pass: 12/13`, `pass=98.5%`, `pass: 12.3ms`.
pub(super) fn is_count(value: &[u8]) -> bool {
    let is_number = |part: &[u8]| (1..4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let units = [&b"%"[..], b"ms", b"us", "µs".as_bytes(), b"ns", b"s"];
    match units.iter().find_map(|unit| value.strip_suffix(*unit)) {
        Some(number) => number.splitn(2, |byte| *byte == b'.').all(is_number),
        None => value.splitn(2, |byte| *byte == b'/').all(is_number),
    }
}

/// Whether a value is what a form says of one: `is too short`, `can't be blank`.
pub(super) fn is_complaint(value: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] = &[
        b"is ",
        b"was ",
        b"must ",
        b"can't ",
        b"cannot ",
        b"has ",
        b"should ",
        b"does ",
        b"doesn't ",
        b"may ",
        b"needs ",
    ];
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
}

/// Whether a value names how passwords are hashed: `bcrypt`.
fn is_hash_function(value: &[u8]) -> bool {
    static FUNCTIONS: Listed = Listed::new(&[
        b"bcrypt",
        b"scrypt",
        b"yescrypt",
        b"argon2",
        b"argon2i",
        b"argon2id",
        b"pbkdf2",
        b"md5",
        b"sha1",
        b"sha256",
        b"sha512",
    ]);
    FUNCTIONS.has(value)
}

/// Whether a value names a pin of a board: `GPIO17`.
fn is_port_of_board(value: &[u8]) -> bool {
    value.strip_prefix(b"GPIO").is_some_and(|number| number.len() <= 2 && number.iter().all(u8::is_ascii_digit))
}

/// Whether a value is one word that says what becomes of passwords and cookies, or how they are set.
fn is_state(value: &[u8]) -> bool {
    static STATES: Listed = Listed::new(&[
        b"enabled",
        b"disabled",
        b"accepted",
        b"rejected",
        b"blocked",
        b"allowed",
        b"denied",
        b"required",
        b"missing",
        b"invalid",
        b"expired",
        b"present",
        b"absent",
        b"supported",
        b"unsupported",
        b"deleted",
        b"cleared",
        b"secure",
        b"httponly",
        b"strict",
        b"ok",
        b"changed",
        b"updated",
        b"incorrect",
        b"mismatch",
        b"failed",
        b"failure",
        b"success",
        b"always",
        b"never",
        b"on_create",
        // Where accounts come from, in `nsswitch.conf`.
        b"files",
        b"compat",
    ]);
    STATES.has(value)
}

/// Whether a value is an identifier of Windows (SID) that no person has: `S-1-5-18`, `S-1-5-32-544`.
fn is_well_known_sid(value: &[u8]) -> bool {
    const OF_SOMEBODY: [&[u8]; 2] = [b"5-21-", b"12-1-"];
    let Some(rest) = value.strip_prefix(b"S-1-") else { return false };
    rest.len() <= 60
        && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
        && !OF_SOMEBODY.iter().any(|domain| rest.starts_with(domain))
}

/// Whether a value only numbers sessions: `session-0001`.
fn is_numbered_session(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"session").map(|rest| rest.strip_prefix(b"-").unwrap_or(rest));
    digits.is_some_and(|digits| digits.len() <= 6 && digits.iter().all(u8::is_ascii_digit))
}

/// Whether a value is a place in the file system, by the folder that it begins with.
fn is_path(value: &[u8]) -> bool {
    const ROOTS: &[&[u8]] = &[
        b"home",
        b"root",
        b"usr",
        b"var",
        b"opt",
        b"tmp",
        b"etc",
        b"srv",
        b"mnt",
        b"media",
        b"run",
        b"data",
        b"proc",
        b"dev",
        b"sys",
        b"lib",
        b"bin",
        b"sbin",
        b"boot",
        b"app",
        b"apps",
        b"workspace",
        b"builds",
        b"Users",
        b"Volumes",
        b"Library",
        b"private",
        b"nix",
        b"snap",
        b"export",
    ];
    let Some(path) = value.strip_prefix(b"/") else { return false };
    let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    path.is_empty() || ROOTS.contains(&first)
}

/// Whether a part of a value between slashes is nothing that people name files: long, with capitals, small letters and digits.
fn is_random(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'/').any(|part| {
        let has = |is_one: fn(&u8) -> bool| part.iter().any(is_one);
        part.len() >= 12
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && !part.contains(&b'.')
            && !part.contains(&b'_')
    })
}
