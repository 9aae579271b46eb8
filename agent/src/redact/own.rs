//! The detectors that the engine looks for by scanners of its own: where they stand in its table.

use super::Detector;

/// Numbers of detectors in the table, by what they look for.
macro_rules! own {
    ($($name:ident),* $(,)?) => {
        /// Where the engine's own detectors stand in its table, if they are enabled.
        #[derive(Debug)]
        pub(super) struct Own {
            $(pub(super) $name: Option<u16>,)*
        }

        impl Own {
            /// Looks for them in `detectors`.
            pub(super) fn new(detectors: &[&'static Detector]) -> Self {
                let find = |name: &str| detectors.iter().position(|detector| detector.entity == name).map(|at| at as u16);
                Self { $($name: find(stringify!($name)),)* }
            }
        }
    };
}

own!(
    email,
    phone,
    phone_fr,
    phone_national,
    ipv4,
    ipv6,
    private_ip,
    mac,
    iban,
    bic,
    mrz,
    birth_date,
    gps,
    card,
    cvv,
    card_expiry,
    url_userinfo,
    bearer,
    basic_auth,
    private_key,
    username,
    person_name,
    postal_address,
    password,
    cookie,
    secret,
    url_parameter,
    windows_sid
);
