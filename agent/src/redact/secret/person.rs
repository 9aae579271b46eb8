//! Who: user names, names and addresses by their field, and what is printed on a card beside its number.

use super::super::{Detector, Form, Group, Shape, Tier};

/// The name of an account that a person has.
pub(in super::super) const USERNAME: Detector = Detector {
    entity: "username",
    group: Group::Person,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        let (name, is_prose) = (candidate.plain, !candidate.separators.is_empty());
        let is_letter = |byte: &u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'_' | b'-' | b'\\' | b'+' | b' ' | b'\'')
                || *byte >= 0x80
        };
        let is_one = (2..=64).contains(&name.len())
            && name.iter().all(is_letter)
            && name.iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
        let is_hex = name.len() >= 16 && name.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
        (is_one && !is_prose && !is_hex && !is_system(name) && !super::named::is_nothing(name))
            .then_some(Shape::Canonical)
    },
    context: &[
        "user",
        "username",
        "user_name",
        "login",
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
        "account_name",
        "accountname",
        "sam_account_name",
        "samaccountname",
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
    ],
    summary: "Name of a person's account; accounts of the system are left",
    source: "OpenSSH, PAM and sudo messages; Windows security events 4624 and 4625; homes of Linux, macOS and Windows",
    matches: &[
        "Accepted password for [[jdoe]] from 203.0.113.9",
        "Failed password for invalid user [[bob]] from",
        "Invalid user [[oracle1]] from",
        "session opened for user [[jane.doe]] by (uid=0)",
        "user=[[jdoe]] x",
        "open /home/[[jdoe]]/.ssh/id",
        "C:\\\\Users\\\\[[jane]]\\\\x",
        "at /Users/[[jane]]/x",
        "by ACME\\\\[[jane]] at",
        "TargetUserName: [[jane]]",
        "\"username\":\"[[j_doe]]\"",
    ],
    rejects: &[
        "for root from",
        "user=root user=www-data",
        "user: must log in",
        "/home/user",
        "HKLM\\\\Software",
        "uid=1000",
        "User-Agent: Mozilla",
        "NT AUTHORITY\\\\SYSTEM",
        "WS01$",
    ],
};

/// Accounts that no person has.
const SYSTEM: &[&[u8]] = &[
    b"root",
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
];

/// Whether no person stands behind the name of an account.
pub(in super::super) fn is_system(name: &[u8]) -> bool {
    let bare = name.iter().rposition(|byte| *byte == b'\\').map_or(name, |at| &name[at + 1..]);
    name.ends_with(b"$") || name.starts_with(b"systemd-") || SYSTEM.iter().any(|known| bare.eq_ignore_ascii_case(known))
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

/// A person's name, by the name of its field: nothing else tells it.
pub(in super::super) const NAME: Detector = Detector {
    entity: "person_name",
    check: |candidate| {
        let name = candidate.plain;
        let letters = name.iter().filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80).count();
        let is_letter = |byte: &u8| {
            byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-' | b'\'' | b'.' | b',') || *byte >= 0x80
        };
        let is_one = name.len() <= 100 && letters >= 2 && name.iter().all(is_letter) && candidate.separators.is_empty();
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
            && text.contains(&b' ')
            && candidate.separators.is_empty();
        (is_one && !super::named::is_nothing(text)).then_some(Shape::Canonical)
    },
    context: &[
        "street",
        "street_address",
        "address_line",
        "address_line1",
        "address_line2",
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
        "anschrift",
        "direccion",
        "calle",
        "indirizzo",
        "via",
        "straat",
        "adres",
        "ulica",
        "morada",
        "rua",
        "customer_address",
    ],
    summary: "Postal address in a field that is called so",
    source: "names of fields in eight languages; UPU S42",
    matches: &["\"street\":\"[[12 rue de la Paix]]\"", "adresse=\"[[3 place Bellecour, Lyon]]\""],
    rejects: &["address=10.0.0.1", "adresse=http://x", "mac_address=\"00 11\""],
    ..USERNAME
};

/// The check number of a card.
pub(in super::super) const CVV: Detector = Detector {
    entity: "cvv",
    group: Group::Card,
    check: |candidate| {
        (matches!(candidate.plain.len(), 3 | 4) && candidate.plain.iter().all(u8::is_ascii_digit))
            .then_some(Shape::Canonical)
    },
    context: &[
        "cvv",
        "cvv2",
        "cvc",
        "cvc2",
        "cid",
        "csc",
        "cryptogramme",
        "card_code",
        "security_code",
        "code_securite",
        "cvn",
        "pruefziffer",
        "cvv_code",
        "cryptogramme_visuel",
    ],
    summary: "Check number of a payment card (CVV, CVC)",
    source: "PCI DSS 4.0.1, 3.3.1.2",
    matches: &["cvv=[[123]]", "\"cvc\":\"[[1234]]\"", "\"cvv\": [[123]]", "CVV: [[737]] ok", "cvv [[123]]"],
    rejects: &["code=123", "cvv=12345", "cvvx=123"],
    ..USERNAME
};

/// When a card ends.
pub(in super::super) const EXPIRY: Detector = Detector {
    entity: "card_expiry",
    check: |candidate| {
        let text = candidate.plain;
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        let (month, rest) = text.split_at_checked(2)?;
        let year = rest
            .strip_prefix(b"/")
            .or_else(|| rest.strip_prefix(b"-"))
            .or_else(|| rest.strip_prefix(b" / "))
            .unwrap_or(rest);
        let is_month = digits(month) && matches!(month, [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2']);
        (is_month && digits(year) && matches!(year.len(), 2 | 4)).then_some(Shape::Canonical)
    },
    context: &[
        "exp",
        "expiry",
        "exp_date",
        "expiry_date",
        "expiration",
        "expiration_date",
        "card_expiry",
        "card_exp",
        "date_expiration",
        "expires",
        "valid_thru",
        "exp_month_year",
        "caducidad",
        "scadenza",
        "ablaufdatum",
        "gueltig_bis",
        "validade",
        "vervaldatum",
    ],
    summary: "Month in which a payment card ends",
    source: "ISO/IEC 7813",
    matches: &["exp=[[12/27]]", "exp [[12/27]] x", "\"expiry\":\"[[03/2028]]\"", "expiration: [[01/29]]"],
    rejects: &["exp=1732791234", "expires=13/27", "at 12/27"],
    ..CVV
};
