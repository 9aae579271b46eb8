//! Who: user names, names and addresses by their field.

use super::super::filter::Listed;
use super::super::sure::{CALLED, PERSON, THING};
use super::super::{Detector, Form, Group, Shape, Tier};

/// What may be part of a name.
const PART: u8 = 1;
const LETTER: u8 = 2;
/// Digits of hexadecimal numbers, and what stands between them.
const HEX: u8 = 4;

/// Whether it is of a word: a letter, or part of one beyond ASCII.
pub(in super::super) const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// What each byte may be.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let is_letter = is_letter(byte);
        let is_part =
            is_letter || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-' | b'\\' | b'+' | b' ' | b'\'');
        kinds[at] |= if is_part { PART } else { 0 } | if is_letter { LETTER } else { 0 };
        kinds[at] |= if byte.is_ascii_hexdigit() || byte == b'-' { HEX } else { 0 };
        at += 1;
    }
    kinds
};

/// The name of an account without its realm, `jane@pam`, or the service that told of it, `oidc:jane`.
fn account(written: &[u8]) -> &[u8] {
    const SERVICES: [&[u8]; 10] =
        [b"oidc", b"ldap", b"saml", b"ad", b"sso", b"keycloak", b"azure", b"google", b"github", b"okta"];
    let name = match memchr::memchr2(b':', b'@', written) {
        Some(mark) if written[mark] == b':' && SERVICES.contains(&&written[..mark]) => &written[mark + 1..],
        _ => written,
    };
    match memchr::memchr(b'@', name) {
        Some(at)
            if name.len() > at + 1
                && name[at + 1..].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') =>
        {
            &name[..at]
        }
        _ => name,
    }
}

/// Whether it is the name of a class with its packages: `org.example.User`.
#[inline(always)]
fn is_class(name: &[u8]) -> bool {
    let has_root = matches!(
        name,
        [b'o', b'r', b'g', b'.', ..]
            | [b'c', b'o', b'm', b'.', ..]
            | [b'n', b'e', b't', b'.', ..]
            | [b'i', b'o', b'.', ..]
            | [b'j', b'a', b'v', b'a', b'.', ..]
            | [b'j', b'a', b'v', b'a', b'x', b'.', ..]
            | [b'j', b'a', b'k', b'a', b'r', b't', b'a', b'.', ..]
    );
    has_root && name.rsplit(|byte| *byte == b'.').next().and_then(<[u8]>::first).is_some_and(u8::is_ascii_uppercase)
}

/// The name of an account that a person has.
pub(in super::super) const USERNAME: Detector = Detector {
    entity: "username",
    group: Group::Person,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        let (mut name, is_prose) = (candidate.plain, !candidate.separators.is_empty());
        if name.len() > 128 {
            return None;
        }
        let kinds = |name: &[u8]| {
            let kinds = name.iter().map(|byte| KINDS[usize::from(*byte)]);
            kinds.fold((u8::MAX, 0), |(all, any), kinds| (all & kinds, any | kinds))
        };
        let (mut all, mut any) = kinds(name);
        if all & PART == 0 {
            name = account(name);
            (all, any) = kinds(name);
        }
        if !(2..=64).contains(&name.len()) {
            return None;
        }
        let is_one = all & PART != 0 && any & LETTER != 0;
        let is_hex = name.len() >= 16 && all & HEX != 0;
        let is_time = name[0].is_ascii_digit() && super::named::is_count(name);
        (is_one
            && !is_prose
            && !is_hex
            && !is_time
            && !is_system(name)
            && !is_class(name)
            && !super::named::is_nothing(name))
        .then_some(Shape::Canonical)
    },
    context: &[
        "user",
        "username",
        "user_name",
        "login",
        "auid",
        "loginname",
        "login_name",
        "uid",
        "userid",
        "user_id",
        "logname",
        "ruser",
        "suser",
        "duser",
        "usr",
        "usrname",
        "utilisateur",
        "identifiant",
        "benutzer",
        "benutzername",
        "usuario",
        "utente",
        "gebruiker",
        "gebruikersnaam",
        "uzytkownik",
        "utilizador",
        "target_user_name",
        "targetusername",
        "subject_user_name",
        "subjectusername",
        "samaccountname",
        "account_name",
        "accountname",
        "sam_account_name",
        "amaccount_name",
        "usr_name",
        "principal",
        "upn",
        "remote_user",
        "auth_user",
        "preferred_username",
        "acct",
        "nickname",
        "screen_name",
        "actor",
        "created_by",
        "updated_by",
        "workstation_name",
        "requested_by",
        "user_target_name",
        "user_effective_name",
        "user_changes_name",
        "new_group_name",
        "etc_group_name",
        "principal_name",
        "principalname",
        "uname",
        "unauthuser",
        "unauth_user",
        "srcuser",
        "src_user",
        "dstuser",
    ],
    summary: "Name of a person's account; accounts of the system are left",
    source: "OpenSSH, PAM and sudo messages; Windows security events 4624 and 4625; homes of Linux, macOS and Windows",
    matches: &[
        "Accepted password for [[jdoe]] from 203.0.113.9",
        "Failed password for invalid user [[bob]] from",
        "Invalid user [[oracle1]] from",
        "session opened for user [[jane.doe]] by (uid=0)",
        "user=[[jdoe]] x",
        "(sAMAccountName=[[jdoe]]) usrName=[[jdoe]]",
        "open /export/home/[[jdoe]]/x",
        "/var/home/[[jdoe]]/x file:///srv/home/[[jane]]/x /host/home/[[joe]]",
        "at /mnt/nfs/home/[[jdoe]]/x, nas:/vol2/tank/homes/[[jane]]/x",
        "/proc/7/root/home/[[jdoe]]/x /var/lib/docker/overlay2/0a1b/merged/home/[[jane]]/x",
        "/tmp/x/home/[[jdoe]]/a.log /app/home/[[jane]]/.ssh/id",
        "C:\\cygwin64\\home\\[[jdoe]]\\x \\\\nas\\home\\[[jane]]\\x",
        "login: [[jdoe]] jane.doe2024 in",
        "open /home/[[jdoe]]/.ssh/id",
        "C:\\\\Users\\\\[[jane]]\\\\x",
        "C:\\Users\\[[Jane van Doe]]\\x",
        "at /Users/[[jane]]/x",
        "by ACME\\\\[[jane]] at",
        "TargetUserName: [[jane]]",
        "<Data Name=\"TargetUserName\">[[jane]]</Data><Data Name='SubjectUserName'>[[joe]]</Data>",
        "sudo:  [[jane]] : TTY=pts/0 ; PWD=/home/[[jane]] ; USER=root ; COMMAND=/bin/ls",
        "CRON[11]: ([[jane]]) CMD (/usr/bin/job)",
        "session opened for user root(uid=0) by [[jane]](uid=1000)",
        "New session 42 of user [[jane]].",
        "Disconnected from user [[jane]] 203.0.113.9 port 22",
        "203.0.113.9 - [[jane]] [28/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1",
        "Server=db;Database=x;User Id=[[jane]];Password=x",
        "imap-login: Login: user=<[[jane]]>, method=PLAIN",
        "$ ssh -p 2222 [[jane]]@web1 uptime",
        "sshd: [[jane.doe]]@pts/0",
        "COMMAND=/usr/bin/scp report.txt [[jane]]@backup:/srv",
        "rsync -a x/ [[jane]]@nas::home sftp> open [[joe]]@host",
        "\"username\":\"[[j_doe]]\"",
        "su: (to root) [[jane]] on pts/0",
        "su[123]: (to [[jane]]) root on none",
        "su: FAILED SU (to [[joe]]) [[jane]] on pts/0",
        "su: BAD SU [[jane]] to root on /dev/pts/0",
        "su[9]: Successful su for root by [[jane]]",
        "su: + pts/0 [[jane]]:root",
        "su[12]: - pts/0 [[jane]]-root",
        "sudo:     [[jane]] : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
        "sudo[12]: [[jane]] : 3 incorrect password attempts ; TTY=pts/0",
        "sshd[1]: User [[jane]] from 203.0.113.9 not allowed because not listed in AllowUsers",
        "maximum authentication attempts exceeded for [[jane]] from 203.0.113.9 port 22 ssh2",
        "Starting session: shell on pts/0 for [[jane]] from 203.0.113.9 port 22 id 0",
        "Close session: user [[jane]] from 203.0.113.9 port 22 id 0",
        "Connection closed by user [[jane]] 203.0.113.9",
        "Postponed keyboard-interactive for [[jane]] from 203.0.113.9 port 22",
        "password for '[[jane]]' changed by 'root'",
        "mysql -u [[jane]] -p db; mysqldump -u[[joe]] db | mysql --user [[ann]] x",
        "psql -h db -U [[jane]] x",
        "ssh -l [[jane]] host",
        "sudo -u [[jane]] ls",
        "su - [[jane]] -c x",
        "crontab -u [[jane]] -l",
    ],
    rejects: &[
        "for root from",
        "user=root user=www-data",
        "user: must log in",
        "user=1.23s system=0.45s user: 12ms",
        "INFO user: created 5 rows Unknown user config \"always-auth\"",
        "/home/user",
        "https://x/export/home/jdoe https://x/home/jdoe https://var/home/jdoe/x https://x:80/mnt/home/jdoe",
        "GET /shop/home/kitchen HTTP/1.1 /var/home/index.php /a/homes/list/x app/mnt/home/news/x /var/www/app/home/views/a.py",
        "HKLM\\\\Software",
        "uid=1000",
        "User-Agent: Mozilla",
        "NT AUTHORITY\\\\SYSTEM",
        "WS01$",
        "sudo: root : TTY=pts/0 ; (root) CMD (x)",
        "of user input, disconnected from user session",
        "203.0.113.9 - - [28/Nov/2026:10:00:00 +0000]",
        "user=<nil> user=<username> user=<none>",
        "<Data Name=\"LogonType\">three</Data>",
        "C:\\Users\\All Users",
        "C:\\Users\\ALL USERS\\x C:\\Users\\Default User",
        "C:\\Users\\Public\\x C:\\Users\\defaultuser0",
        "/home/lost+found /home/site/wwwroot",
        "ssh root@web1 ssh git@host ssh @web1 ssh jane@",
        "wrote jane@host to passhscp: jane@web1",
        "sshd key for a@@ b",
        "su: (to root) root on none su: warning: cannot change directory",
        "sudo: pam_unix(sudo:auth): x sudo: a password is required : x",
        "Login OK: all is well Login incorrect",
        "User input from file not allowed here",
        "systemctl --user start x psql -U USERNAME mysql -u root docker run -u 1000:1000 x",
        "run --user jane",
        "mymachine su - ID47 - x none for 'change_state', not",
    ],
};

/// Accounts that no person has.
static SYSTEM: Listed = Listed::new(&[
    b"required",
    b"optional",
    b"scheduler",
    b"linux",
    b"darwin",
    b"freebsd",
    b"root",
    b"config",
    b"created",
    b"updated",
    b"deleted",
    b"added",
    b"removed",
    b"changed",
    b"found",
    b"nobody",
    b"www-data",
    b"system",
    b"admin",
    b"administrator",
    b"daemon",
    b"nginx",
    b"apache",
    b"httpd",
    b"mysql",
    b"postgres",
    b"redis",
    b"mongodb",
    b"elasticsearch",
    b"opensearch",
    b"kibana",
    b"logstash",
    b"fluentd",
    b"jenkins",
    b"git",
    b"docker",
    b"kubelet",
    b"ubuntu",
    b"debian",
    b"centos",
    b"ec2-user",
    b"vagrant",
    b"ansible",
    b"deploy",
    b"backup",
    b"mail",
    b"postfix",
    b"sshd",
    b"systemd",
    b"bin",
    b"sync",
    b"lp",
    b"news",
    b"uucp",
    b"proxy",
    b"guest",
    b"anonymous",
    b"user",
    b"users",
    b"test",
    b"service",
    b"local service",
    b"network service",
    b"public",
    b"default",
    b"all users",
    b"default user",
    b"app",
    b"application",
    b"node",
    b"operator",
    b"kafka",
    b"zookeeper",
    b"hadoop",
    b"hdfs",
    b"yarn",
    b"spark",
    b"tomcat",
    b"rabbitmq",
    b"etcd",
    b"haproxy",
    b"named",
    b"ntp",
    b"chrony",
    b"dbus",
    b"messagebus",
    b"polkitd",
    b"cron",
    b"syslog",
    b"sa",
    b"oracle",
    b"runner",
    b"shared",
    b"site",
    b"logfiles",
    b"gitlab-runner",
    b"vsts",
    b"circleci",
    b"jovyan",
    b"vscode",
    b"azureuser",
    b"defaultuser0",
    b"wdagutilityaccount",
    b"containeradministrator",
    b"containeruser",
    b"runneradmin",
    b"networkservice",
    b"localservice",
    b"systemprofile",
    b"authentication",
    b"lost+found",
    b"linuxbrew",
    b"cyrus",
    b"rpc",
    b"rpcuser",
    b"ftp",
    b"games",
    b"man",
    b"irc",
    b"gnats",
    b"list",
    b"libuuid",
    b"halt",
    b"shutdown",
    b"unknown",
    b"slice",
    b"session",
    b"manager",
    b"sessions",
    b"logged",
    b"agent",
    b"account",
    b"id",
    b"name",
    b"password",
    b"from",
    b"by",
    b"with",
    b"not",
    b"is",
    b"the",
    b"and",
    b"to",
    b"anonymous logon",
    b"dwm-1",
    b"umfd-0",
    b"iusr",
    b"defaultapppool",
    b"nt",
    b"builtin",
    b"kube-system",
    b"api",
    b"web",
    b"worker",
    b"vigie",
    b"client",
    b"ok",
    b"success",
    b"successful",
    b"succeeded",
    b"failed",
    b"failure",
]);

/// Whether no person stands behind the name of an account.
pub(in super::super) fn is_system(name: &[u8]) -> bool {
    let bare = name.iter().rposition(|byte| *byte == b'\\').map_or(name, |at| &name[at + 1..]);
    name.ends_with(b"$") || name.starts_with(b"systemd-") || SYSTEM.has(bare)
}

/// A security identifier of Windows that names an account of a domain or a machine.
pub(in super::super) const SID: Detector = Detector {
    entity: "windows_sid",
    check: |candidate| {
        let mut parts = candidate.plain.split(|byte| *byte == b'-').skip(4);
        let is_number = |part: &[u8]| (1..=10).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
        let is_domain = parts.by_ref().take(3).filter(|part| is_number(part)).count() == 3;
        let account = parts.next()?;
        // Below 1000 are those that every Windows has.
        (is_domain && is_number(account) && account.len() >= 4 && parts.next().is_none()).then_some(Shape::Canonical)
    },
    context: &["sid", "target_sid", "user_sid"],
    summary: "Security identifier of an account of Windows (SID); those that every Windows has are left",
    source: "Microsoft, [MS-DTYP] 2.4.2",
    matches: &["sid [[S-1-5-21-3623811015-3361044348-30300820-1013]] ok"],
    rejects: &["S-1-5-18 S-1-5-32-544", "S-1-5-21-3623811015-3361044348-30300820-500"],
    ..USERNAME
};

/// Longest name of a person, in bytes.
const LONGEST: usize = 100;
/// Words of which names of things are made that are shown to people.
static OF_THINGS: Listed = Listed::new(&[
    b"account",
    b"agent",
    b"api",
    b"app",
    b"application",
    b"cluster",
    b"database",
    b"dashboard",
    b"default",
    b"driver",
    b"gateway",
    b"group",
    b"host",
    b"manager",
    b"policy",
    b"project",
    b"server",
    b"service",
    b"storage",
    b"system",
    b"team",
    b"test",
    b"update",
    b"web",
    b"worker",
]);

/// Whether a word of `name` is one of which names of things are made.
fn is_thing(name: &[u8]) -> bool {
    name.split(|byte| matches!(byte, b' ' | b'+' | b'-' | b'.')).any(|word| OF_THINGS.has(word))
}

/// Whether `name`, which is not made of letters alone, is that of a person since it stands in quotes behind a name that tells so, as
/// `groups` say: `Jane Doe (external)`. Rules for fields, paths, addresses and what forms say of a field are none.
fn is_name_with_marks(name: &[u8], groups: &[u8]) -> bool {
    let has_space = name.contains(&b' ');
    let is_other = matches!(name.first(), Some(b'{' | b'/' | b'$' | b'%' | b'#'))
        || memchr::memmem::find(name, b"://").is_some()
        || !has_space && name.iter().any(|byte| matches!(byte, b'/' | b'|' | b':' | b'@' | b'='))
        || super::named::is_complaint(name);
    // Names of things begin with a small letter, or are one word with a number in it.
    let is_capital = name.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    let is_called =
        || is_capital && (has_space || name.iter().all(|byte| is_letter(*byte) || matches!(byte, b'_' | b'.' | b'-')));
    match groups {
        [PERSON] => !is_other,
        [CALLED] => !is_other && is_called(),
        _ => false,
    }
}

/// A person's name, by the name of its field: nothing else tells it.
pub(in super::super) const NAME: Detector = Detector {
    entity: "person_name",
    check: |candidate| {
        let name = candidate.plain;
        let has_letters = || name.iter().filter(|byte| is_letter(**byte)).nth(1).is_some();
        if name.len() > LONGEST || !has_letters() {
            return None;
        }
        if candidate.groups == [THING] && is_thing(name) {
            return None;
        }
        let is_part = |byte: &u8| is_letter(*byte) || matches!(byte, b' ' | b'+' | b'-' | b'\'' | b'.' | b',');
        let is_escape = |at: usize| name[at] == b'\\' && name[at..].iter().find(|byte| **byte != b'\\') == Some(&b'\'');
        let is_plain = name.iter().enumerate().all(|(at, byte)| is_part(byte) || is_escape(at));
        let is_one = is_plain && candidate.separators.is_empty()
            || matches!(candidate.groups, [PERSON | CALLED]) && is_name_with_marks(name, candidate.groups);
        (is_one && !super::named::is_nothing(name)).then_some(Shape::Canonical)
    },
    context: &[
        "first_name",
        "firstname",
        "last_name",
        "lastname",
        "full_name",
        "fullname",
        "surname",
        "given_name",
        "givenname",
        "family_name",
        "familyname",
        "middle_name",
        "maiden_name",
        "display_name",
        "displayname",
        "customer_name",
        "patient_name",
        "contact_name",
        "person_name",
        "employee_name",
        "cardholder",
        "cardholder_name",
        "holder_name",
        "card_holder",
        "name_on_card",
        "student_name",
        "destinataire",
        "destinatario",
        "beneficiaire",
        "beneficiario",
        "prenoms",
        "nom_jeune_fille",
        "rufname",
        "geburtsname",
        "nombre_completo",
        "nome_completo",
        "geslachtsnaam",
        "account_holder",
        "nom",
        "prenom",
        "nom_famille",
        "nom_de_famille",
        "nom_naissance",
        "nom_usage",
        "nom_complet",
        "nom_client",
        "titulaire",
        "vorname",
        "nachname",
        "familienname",
        "kontoinhaber",
        "nombre",
        "apellido",
        "apellidos",
        "nome",
        "cognome",
        "naam",
        "voornaam",
        "achternaam",
        "imie",
        "nazwisko",
        "apelido",
        "sobrenome",
        "beneficiary_name",
        "recipient_name",
        "sender_name",
        "client_name",
        "billing_name",
        "shipping_name",
        "name_family",
        "name_given",
        "prijmeni",
        "krestni_jmeno",
        "priezvisko",
        "efternamn",
        "fornamn",
        "efternavn",
        "fornavn",
        "etternavn",
        "sukunimi",
        "etunimi",
        "vezeteknev",
        "keresztnev",
        "csaladnev",
        "prenume",
        "nume_familie",
        "nume_de_familie",
        "priimek",
        "prezime",
        "pavarde",
        "uzvards",
        "perekonnanimi",
        "eesnimi",
        "eponumo",
        "familia",
        "familno_ime",
        "family_value",
        "given_value",
    ],
    summary: "Name of a person in a field that is called so",
    source: "names of fields in eight languages; OpenID Connect Core 1.0, 5.1",
    matches: &[
        "prenom=[[Zoé]] x",
        "\"lastName\":\"[[O'Brien-Smith]]\"",
        "nom: [[Jean Dupont]]",
        "first_name=\"[[Anna Maria]]\"",
    ],
    rejects: &["name=nginx", "hostname=Dupont", "last_name=null"],
    ..USERNAME
};

/// Where a person lives, by the name of its field.
pub(in super::super) const ADDRESS: Detector = Detector {
    entity: "postal_address",
    group: Group::Contact,
    check: |candidate| {
        let text = candidate.plain;
        let is_one = text.len() <= 300
            && text.iter().any(u8::is_ascii_alphabetic)
            && (text.contains(&b' ') || text.contains(&b'+'))
            && (text.iter().any(u8::is_ascii_digit) || text.iter().any(u8::is_ascii_uppercase))
            && candidate.separators.is_empty();
        (is_one && !super::named::is_nothing(text)).then_some(Shape::Canonical)
    },
    context: &[
        "street",
        "street_address",
        "address_line",
        "postal_address",
        "home_address",
        "billing_address",
        "shipping_address",
        "mailing_address",
        "delivery_address",
        "adresse_postale",
        "adresse",
        "rue",
        "voie",
        "adresse_livraison",
        "adresse_facturation",
        "strasse",
        "strase",
        "anschrift",
        "direccion",
        "calle",
        "indirizzo",
        "domicilio",
        "residenza",
        "endereco",
        "morada",
        "lieferadresse",
        "rechnungsadresse",
        "woonadres",
        "adres_zamieszkania",
        "adresse_domicile",
        "via",
        "straat",
        "adres",
        "ulica",
        "rua",
        "customer_address",
        "address",
    ],
    summary: "Postal address in a field that is called so",
    source: "names of fields in eight languages; UPU S42",
    matches: &[
        "\"street\":\"[[12 rue de la Paix]]\"",
        "adresse=\"[[3 place Bellecour, Lyon]]\"",
        "\"address\":\"[[221B Baker Street, London]]\"",
    ],
    rejects: &[
        "address=10.0.0.1",
        "adresse=http://x",
        "mac_address=\"00 11\"",
        "\"address\":\"already in use\"",
        "listen address: \"unix socket\"",
    ],
    ..USERNAME
};
