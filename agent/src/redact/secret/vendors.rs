//! Tokens that begin with letters which their issuer chose so that they be found.

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Beginnings, and the detectors that they lead to. What stands from there to the next byte that is no letter, digit, `_`, `-` or
/// `.` is handed in.
pub(in super::super) const BEGINNINGS: &[(&str, &str)] = &[
    ("eyJ", "jwt"),
    ("AKIA", "aws_key"),
    ("ASIA", "aws_key"),
    ("ABIA", "aws_key"),
    ("ACCA", "aws_key"),
    ("AIza", "google_key"),
    ("ya29.", "google_key"),
    ("GOCSPX-", "google_key"),
    ("SCW", "scaleway_key"),
    ("tk-us-", "scalingo_token"),
    ("xkeysib-", "brevo_key"),
    ("xsmtpsib-", "brevo_key"),
    ("ghp_", "github_token"),
    ("gho_", "github_token"),
    ("ghu_", "github_token"),
    ("ghs_", "github_token"),
    ("ghr_", "github_token"),
    ("github_pat_", "github_token"),
    ("glpat-", "gitlab_token"),
    ("gldt-", "gitlab_token"),
    ("glrt-", "gitlab_token"),
    ("glcbt-", "gitlab_token"),
    ("glptt-", "gitlab_token"),
    ("glsoat-", "gitlab_token"),
    ("glft-", "gitlab_token"),
    ("gloas-", "gitlab_token"),
    ("glimt-", "gitlab_token"),
    ("glagent-", "gitlab_token"),
    ("glwt-", "gitlab_token"),
    ("glffct-", "gitlab_token"),
    ("GR1348941", "gitlab_token"),
    ("xoxa-", "slack_token"),
    ("xoxb-", "slack_token"),
    ("xoxp-", "slack_token"),
    ("xoxr-", "slack_token"),
    ("xoxs-", "slack_token"),
    ("xoxe-", "slack_token"),
    ("xoxc-", "slack_token"),
    ("xoxd-", "slack_token"),
    ("xapp-", "slack_token"),
    ("sk_live_", "stripe_key"),
    ("rk_live_", "stripe_key"),
    ("sk_test_", "stripe_key"),
    ("rk_test_", "stripe_key"),
    ("whsec_", "stripe_key"),
    ("hvs.", "vault_token"),
    ("hvb.", "vault_token"),
    ("hvr.", "vault_token"),
    ("npm_", "package_token"),
    ("pypi-", "package_token"),
    ("dckr_pat_", "package_token"),
    ("dckr_oat_", "package_token"),
    ("rubygems_", "package_token"),
    ("sk-", "model_key"),
    ("hf_", "model_key"),
    ("gsk_", "model_key"),
    ("pplx-", "model_key"),
    ("xai-", "model_key"),
    ("r8_", "model_key"),
    ("nvapi-", "model_key"),
    ("tvly-", "model_key"),
    ("SG.", "service_token"),
    ("dop_v1_", "service_token"),
    ("doo_v1_", "service_token"),
    ("shpat_", "service_token"),
    ("shpss_", "service_token"),
    ("shpca_", "service_token"),
    ("shppa_", "service_token"),
    ("glc_", "service_token"),
    ("glsa_", "service_token"),
    ("sntrys_", "service_token"),
    ("lin_api_", "service_token"),
    ("lin_oauth_", "service_token"),
    ("figd_", "service_token"),
    ("ATATT3", "service_token"),
    ("BBDC-", "service_token"),
    ("sbp_", "service_token"),
    ("ntn_", "service_token"),
    ("pul-", "service_token"),
    ("nfp_", "service_token"),
    ("sq0atp-", "service_token"),
    ("sq0csp-", "service_token"),
    ("dt0c01.", "service_token"),
    ("HRKU-", "service_token"),
    ("CCIPAT_", "service_token"),
    ("pscale_tkn_", "service_token"),
    ("pscale_pw_", "service_token"),
    ("PMAK-", "service_token"),
    ("NRAK-", "service_token"),
    ("AGE-SECRET-KEY-1", "service_token"),
    ("dapi", "service_token"),
    ("key-", "service_token"),
    ("pat_", "service_token"),
];

/// What stands behind the first of these beginnings that fits.
fn behind<'a>(candidate: &Candidate<'a>, beginnings: &[&str]) -> Option<&'a [u8]> {
    let first = candidate.plain.first();
    let mut likely = beginnings.iter().map(|beginning| beginning.as_bytes()).filter(|one| one.first() == first);
    likely.find_map(|beginning| candidate.plain.strip_prefix(beginning))
}

fn shape(is_one: bool) -> Option<Shape> {
    is_one.then_some(Shape::Canonical)
}

/// Bytes of a token among which digits and capitals are counted.
const COUNTED: usize = 96;

fn are_word(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn are_dashed(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Digits among the first bytes. Of a flood of beginnings all go on to the end: who counted to there would count each byte often.
fn digits(text: &[u8]) -> usize {
    count(text, u8::is_ascii_digit)
}

fn capitals(text: &[u8]) -> usize {
    count(text, u8::is_ascii_uppercase)
}

/// How many of the first bytes are of a kind, counted in bytes, of which vectors hold many.
#[inline(always)]
fn count(text: &[u8], is_one: impl Fn(&u8) -> bool) -> usize {
    const { assert!(COUNTED <= u8::MAX as usize) };
    usize::from(text[..text.len().min(COUNTED)].iter().map(|byte| u8::from(is_one(byte))).sum::<u8>())
}

/// JSON Web Tokens.
pub(in super::super) const JWT: Detector = Detector {
    entity: "jwt",
    group: Group::Secret,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        let mut parts = candidate.plain.split(|byte| *byte == b'.');
        let (head, body) = (parts.next().filter(|head| head.len() >= 12)?, parts.next()?);
        let rest = parts.clone().take(4).count();
        let is_signed = body.starts_with(b"eyJ") && rest <= 1;
        let is_encrypted = rest == 3;
        let are_letters = || [head, body].into_iter().chain(parts).all(are_dashed);
        shape(body.len() >= 4 && (is_signed || is_encrypted) && are_letters())
    },
    context: &["jwt", "token", "authorization"],
    summary: "JSON Web Token, signed or encrypted",
    source: "RFC 7515, 3.1; RFC 7516, 3.1",
    matches: &[
        "token [[eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc-DEF_123]] x",
        "t=[[eyJhbGciOiJSU0EifQ.abcd.efgh.ijkl.mnop]].",
    ],
    rejects: &["eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.x", "xeyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc"],
};

/// Amazon.
pub(in super::super) const AWS: Detector = Detector {
    entity: "aws_key",
    check: |candidate| {
        shape(
            candidate.plain.len() == 20
                && candidate.plain.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7')),
        )
    },
    context: &["aws", "access_key"],
    summary: "Access key id of Amazon Web Services",
    source: "AWS IAM, unique identifiers",
    matches: &["id [[AKIAIOSFODNN7EXAMPLE]] x"],
    rejects: &["AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLEE", "ASIA PACIFIC"],
    ..JWT
};

/// Google.
pub(in super::super) const GOOGLE: Detector = Detector {
    entity: "google_key",
    check: |candidate| {
        let key = behind(candidate, &["AIza"]).is_some_and(|rest| rest.len() == 35 && are_dashed(rest));
        let token = behind(candidate, &["ya29.", "GOCSPX-"]).is_some_and(|rest| rest.len() >= 20 && digits(rest) > 0);
        shape(key || token)
    },
    context: &["google", "api_key"],
    summary: "Key or token of Google",
    source: "Google Cloud, API keys; OAuth 2.0 for Google APIs",
    matches: &["key=[[AIzaSyA1234567890abcdefghijklmnopqrstuv]]", "[[ya29.a0AfH6SMBx1234567890abcdef]]"],
    rejects: &["AIzaSyA123"],
    ..JWT
};

/// Scaleway.
pub(in super::super) const SCALEWAY: Detector = Detector {
    entity: "scaleway_key",
    check: |candidate| {
        shape(
            candidate.plain.len() == 20
                && candidate.plain.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
        )
    },
    context: &["scaleway", "scw"],
    summary: "Access key of Scaleway",
    source: "Scaleway, IAM API keys",
    matches: &["use [[SCW1234567890ABCDEFG]]"],
    rejects: &["SCW_ACCESS_KEY", "SCW123"],
    ..JWT
};

/// Scalingo.
pub(in super::super) const SCALINGO: Detector = Detector {
    entity: "scalingo_token",
    check: |candidate| shape(behind(candidate, &["tk-us-"]).is_some_and(|rest| rest.len() == 48 && are_dashed(rest))),
    context: &["scalingo"],
    summary: "Token of Scalingo",
    source: "Scalingo, API tokens",
    matches: &["[[tk-us-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV]]"],
    rejects: &["tk-us-west"],
    ..JWT
};

/// Brevo.
pub(in super::super) const BREVO: Detector = Detector {
    entity: "brevo_key",
    check: |candidate| {
        shape(behind(candidate, &["xkeysib-", "xsmtpsib-"]).is_some_and(|rest| rest.len() >= 64 && are_dashed(rest)))
    },
    context: &["brevo", "sendinblue"],
    summary: "Key of Brevo",
    source: "Brevo, API keys",
    matches: &["[[xkeysib-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-AbCdEf0123456789]]"],
    rejects: &["xkeysib-0123"],
    ..JWT
};

/// GitHub.
pub(in super::super) const GITHUB: Detector = Detector {
    entity: "github_token",
    check: |candidate| {
        let token = behind(candidate, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"])
            .is_some_and(|rest| rest.len() >= 36 && are_word(rest));
        let personal = behind(candidate, &["github_pat_"]).is_some_and(|rest| rest.len() >= 59 && are_word(rest));
        shape(token || personal)
    },
    context: &["github"],
    summary: "Token of GitHub",
    source: "GitHub, token formats",
    matches: &["[[ghp_0123456789abcdefghijABCDEFGHIJ012345]] x"],
    rejects: &["ghp_123 github_pat_x"],
    ..JWT
};

/// GitLab.
pub(in super::super) const GITLAB: Detector = Detector {
    entity: "gitlab_token",
    check: |candidate| {
        let rest = match candidate.plain.strip_prefix(b"GR1348941") {
            Some(rest) => rest,
            None => &candidate.plain[candidate.plain.iter().position(|byte| *byte == b'-')? + 1..],
        };
        shape(rest.len() >= 20 && digits(rest) + capitals(rest) >= 2)
    },
    context: &["gitlab"],
    summary: "Token of GitLab",
    source: "GitLab, token prefixes",
    matches: &["[[glpat-ABCdef1234567890abcd]]", "[[GR1348941abcdefGHIJklmnopqrst]] x"],
    rejects: &["glpat-abc"],
    ..JWT
};

/// Slack.
pub(in super::super) const SLACK: Detector = Detector {
    entity: "slack_token",
    check: |candidate| {
        shape(candidate.plain.len() >= 20 && digits(candidate.plain) >= 4 && are_dashed(candidate.plain))
    },
    context: &["slack"],
    summary: "Token of Slack",
    source: "Slack, token types",
    matches: &[
        "[[xoxb-123456789012-abcdefGHIJKL]]",
        "POST https://hooks.slack.com/services/[[T01234567/B01234567/abcDEF1234567890ghijKLMN]] 200",
    ],
    rejects: &["xoxb-abc", "https://hooks.slack.com/services/ hooks.slack.com/services/T0/B0"],
    ..JWT
};

/// Stripe.
pub(in super::super) const STRIPE: Detector = Detector {
    entity: "stripe_key",
    check: |candidate| {
        shape(
            behind(candidate, &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"])
                .is_some_and(|rest| rest.len() >= 16 && are_word(rest)),
        )
    },
    context: &["stripe"],
    summary: "Key of Stripe",
    source: "Stripe, API keys",
    matches: &["[[sk_test_4eC39HqLyjWDarjtT1zdp7dc]]"],
    rejects: &["sk_test_abc"],
    ..JWT
};

/// Vault.
pub(in super::super) const VAULT: Detector = Detector {
    entity: "vault_token",
    check: |candidate| {
        shape(
            candidate.plain.len() >= 24
                && candidate.plain[4..].iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
        )
    },
    context: &["vault"],
    summary: "Token of HashiCorp Vault or OpenBao",
    source: "Vault, tokens: prefixes",
    matches: &["[[hvs.CAESIJabcdefghijklmnop]] x"],
    rejects: &["hvs.x"],
    ..JWT
};

/// Registries of packages and images.
pub(in super::super) const PACKAGES: Detector = Detector {
    entity: "package_token",
    check: |candidate| {
        let npm =
            behind(candidate, &["npm_"]).is_some_and(|rest| rest.len() == 36 && are_word(rest) && digits(rest) > 0);
        let others = behind(candidate, &["pypi-", "dckr_pat_", "dckr_oat_", "rubygems_"])
            .is_some_and(|rest| rest.len() >= 24 && are_dashed(rest));
        shape(npm || others)
    },
    context: &["npm", "pypi"],
    summary: "Token of a registry of packages or images (npm, PyPI, Docker, RubyGems)",
    source: "npm, access tokens; PyPI, API tokens; Docker, personal access tokens; RubyGems, API keys",
    matches: &["[[npm_0123456789abcdefghijABCDEFGHIJ012345]]", "[[pypi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3]]"],
    rejects: &["npm_config_registry npm_package_name", "pypi-server"],
    ..JWT
};

/// Language models.
pub(in super::super) const MODELS: Detector = Detector {
    entity: "model_key",
    check: |candidate| {
        let is_long = |rest: &[u8], least| rest.len() >= least && are_dashed(rest);
        let key = behind(candidate, &["sk-"]).is_some_and(|rest| {
            // Some are in small letters: `sk-or-v1-`, `sk-` and a number of 16 bytes.
            let is_hex = rest.len() >= 32 && rest[rest.len() - 32..].iter().all(u8::is_ascii_hexdigit);
            is_long(rest, 20) && digits(rest) >= 2 && (is_hex || rest.iter().any(u8::is_ascii_uppercase))
        });
        let others = behind(candidate, &["hf_", "r8_", "gsk_", "pplx-", "xai-", "nvapi-", "tvly-"]);
        shape(key || others.is_some_and(|rest| is_long(rest, 30) && digits(rest) + capitals(rest) >= 4))
    },
    context: &["openai", "anthropic", "mistral", "huggingface"],
    summary: "Key of a service of language models",
    source: "OpenAI, Anthropic, Hugging Face, OpenRouter, DeepSeek, Groq, Perplexity, xAI, Replicate and NVIDIA, API keys",
    matches: &[
        "[[sk-proj-AbCdEf0123456789AbCdEf]]",
        "[[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]]",
        "[[sk-fad2846e433fabfd74bd608d710cf2db]]",
        "[[hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh]]",
        "[[gsk_AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCd]] x",
        "[[xai-AbCdEf0123456789AbCdEf0123456789]]",
    ],
    rejects: &[
        "sk-learn sk-SK",
        "hf_hub_download",
        "sk-0123456789abcdef-x",
        "xai-explained-a-long-page-on-models-of-words",
    ],
    ..JWT
};

/// Others.
pub(in super::super) const OTHERS: Detector = Detector {
    entity: "service_token",
    check: |candidate| {
        let rest = candidate.plain;
        let is_key = behind(candidate, &["key-", "dapi"])
            .is_none_or(|rest| rest.len() == 32 && rest.iter().all(u8::is_ascii_hexdigit));
        let is_pat = behind(candidate, &["pat_"]).is_none_or(|rest| rest.len() >= 32 && digits(rest) >= 4);
        let is_grid = behind(candidate, &["SG."]).is_none_or(|rest| rest.len() >= 60);
        shape(rest.len() >= 28 && is_key && is_pat && is_grid && digits(rest) >= 2)
    },
    context: &["sendgrid", "digitalocean", "shopify", "grafana"],
    summary: "Token of SendGrid, DigitalOcean, Shopify, Grafana, Sentry, Linear, Postman, New Relic, Databricks, Mailgun, a bot of Telegram or a webhook of Discord or Teams, or an age key",
    source: "the issuers' pages on their tokens",
    matches: &[
        "[[dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef]]",
        "[[glsa_0123456789abcdefghijABCDEFGHIJ01_0123abcd]]",
        "https://discord.com/api/webhooks/[[123456789012345678/abcdefGHIJKL1234567890_-abcdefGHIJKL1234567890abcdefGHIJKL1234567890ab]]",
        "https://discordapp.com/api/v10/webhooks/[[123456789012345678/abcdefGHIJKL1234567890_-abcdefGHIJKL1234567890]]?x",
        "https://api.telegram.org/bot[[123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawE]]/getMe",
        "https://x.webhook.office.com/webhookb2/[[11111111-2222-3333-4444-555555555555@11111111-2222-3333-4444-555555555555/IncomingWebhook/abcdef0123456789/11111111-2222-3333-4444-555555555555]] 200",
        "started with [[1234567890:AAFdqTcvCH1vGWJxfSeof-As0K5PALDsawE]] ok",
    ],
    rejects: &[
        "key-value dapi",
        "SG.x shpat_x",
        "pat_id",
        "bot12345678: x bot123456789:AAH 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawEx",
        "https://discord.com/api/v10/channels/123456789012345678/messages",
    ],
    ..JWT
};

#[cfg(test)]
mod tests {
    use super::super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn tokens_are_found_where_dots_and_hyphens_glue_them_to_something() {
        assert_hidden(&[
            ("wrote sk_live_4eC39HqLyjWDarjtT1zdp7dc.json", "wrote <stripe_key>.json"),
            ("key-AKIAIOSFODNN7EXAMPLE.pem AKIAIOSFODNN7EXAMPLE-old", "key-<aws_key>.pem <aws_key>-old"),
            ("/x/ghp_0123456789abcdefghijABCDEFGHIJ012345.git", "/x/<github_token>.git"),
            ("auth-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc-DEF_123", "auth-<jwt>"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc-DEF_123.txt", "<jwt>.txt"),
            ("AIzaSyA1234567890abcdefghijklmnopqrstuv.Then", "<google_key>.Then"),
            ("a-glpat-ABCdef1234567890abcd x-hvs.CAESIJabcdefghijklmnop.x", "a-<gitlab_token> x-<vault_token>.x"),
        ]);
        assert_kept(&[
            "cache-key-d41d8cd98f00b204e9800998ecf8427e aAKIAIOSFODNN7EXAMPLE.pem AKIAIOSFODNN7EXAMPLE_x.pem",
            "pypi-server-1.2.3-py3-none-any.whl tk-us-west.x sk-learn-1.2.x npm_config.x task-sk-SK.x",
        ]);
    }
}
