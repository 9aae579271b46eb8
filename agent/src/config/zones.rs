//! Time zones of parsers, from the time zone database of the system. Each is read and compiled once, with the configuration.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use vigie_parsers::time::Zone;

use super::diagnostic::Diagnostics;
use super::document::Section;
use super::environment::Environment;
use super::render::did_you_mean;

/// Where the database is, unless `TZDIR` says otherwise.
const DATABASE: &str = "/usr/share/zoneinfo";

/// The zone of the system, unless `TZ` says otherwise.
const LOCAL: &str = "/etc/localtime";

/// Most bytes of a file of the database. They have a few thousand.
const LARGEST: u64 = 1 << 20;

/// Most names that are gone through for a suggestion.
const MOST_NAMES: usize = 5000;

/// Where zones are found.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    database: PathBuf,
    local: PathBuf,
    /// What the variable `TZ` holds.
    system: Option<String>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { database: DATABASE.into(), local: LOCAL.into(), system: None }
    }
}

/// Why there is no zone, and what to do.
#[derive(Debug, PartialEq, Eq)]
struct NoZone {
    problem: String,
    help: String,
}

impl Zones {
    /// As the variables `TZDIR` and `TZ` of `environment` say.
    pub(super) fn of(environment: &Environment) -> Self {
        let database = environment.get("TZDIR").filter(|folder| !folder.is_empty()).unwrap_or(DATABASE).into();
        Self { database, system: environment.get("TZ").map(str::to_owned), ..Self::default() }
    }

    /// The zone of texts without one that the `[PARSER]` in `section` asks for, by name or as that of the system. `None` when
    /// that cannot be had, which is reported.
    pub(super) fn asked_for(
        &self,
        section: &Section,
        named: Option<&str>,
        of_system: bool,
        findings: &mut Diagnostics,
    ) -> Option<Option<Zone>> {
        let key = if named.is_some() { "time_zone" } else { "time_system_timezone" };
        let place = section.get(key).map_or(section.place, |value| value.place);
        if named.is_some() {
            contradictions(section, of_system, findings)?;
        } else if let Some(offset) = section.get("time_offset").filter(|_| of_system) {
            let message = "`time_offset` has no effect beside `time_system_timezone`";
            findings.warning(offset.place, "V111", message).help("keep one of them");
        }
        let zone = match named {
            Some(name) => self.named(name),
            None if of_system => self.of_system(),
            None => return Some(None),
        };
        match zone {
            Ok(zone) => Some(Some(zone)),
            Err(NoZone { problem, help }) => {
                findings.error(place, "V307", format!("`{key}`: {problem}")).help(help);
                None
            }
        }
    }

    fn named(&self, name: &str) -> Result<Zone, NoZone> {
        if matches!(name, "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT") {
            return Ok(Zone::utc());
        }
        let found = if is_name(name) { read(&self.database.join(name)) } else { None };
        found.ok_or_else(|| NoZone {
            problem: format!("there is no time zone `{name}` in {}", self.database.display()),
            help: self.remedy(name),
        })
    }

    fn remedy(&self, name: &str) -> String {
        let mut names = Vec::new();
        list(&self.database, "", &mut names);
        if names.is_empty() {
            return "install the package tzdata, have `TZDIR` name the directory of zones, or set `Time_Offset`".into();
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let near = did_you_mean(name, &names);
        if near.starts_with("did") { near } else { "names are such as `Europe/Berlin` or `America/New_York`".into() }
    }

    /// The zone of the system: what `TZ` holds, a name, a path or a rule, or else the file of local time. Without that file
    /// clocks show UTC.
    fn of_system(&self) -> Result<Zone, NoZone> {
        let Some(set) = &self.system else {
            if !self.local.exists() {
                return Ok(Zone::utc());
            }
            return read(&self.local).ok_or_else(|| NoZone {
                problem: format!("{} holds no time zone", self.local.display()),
                help: "set the variable `TZ` of the agent, or `Time_Zone`".into(),
            });
        };
        let text = set.strip_prefix(':').unwrap_or(set);
        if text.is_empty() {
            return Ok(Zone::utc());
        }
        let by_path = if text.starts_with('/') { read(Path::new(text)) } else { None };
        let zone = by_path.or_else(|| self.named(text).ok()).or_else(|| Zone::from_posix(text).ok());
        zone.ok_or_else(|| NoZone {
            problem: format!("the variable `TZ` holds `{text}`, which is no time zone of {}", self.database.display()),
            help: self.remedy(text),
        })
    }
}

/// Whether something in `section` contradicts its `Time_Zone`; `None` then.
fn contradictions(section: &Section, of_system: bool, findings: &mut Diagnostics) -> Option<()> {
    let zone = section.get("time_zone")?;
    let other = if of_system { section.get("time_system_timezone") } else { None };
    if let Some(other) = other.or_else(|| section.get("time_offset")) {
        let message = "`time_zone` stands with neither `time_offset` nor `time_system_timezone`";
        findings.error(other.place, "V104", message).help("keep one of them");
        return None;
    }
    if section.get("time_format").is_none() {
        let message = "`time_zone` needs a `time_format`: without one no time is read";
        findings.error(zone.place, "V104", message).help("add `Time_Format`, or take `Time_Zone` away");
        return None;
    }
    Some(())
}

/// Whether `text` has the form of a name in the database, which leads nowhere else.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.len() <= 128 && text.split('/').all(is_part)
}

/// The zone in the file at `path`, if there is one.
fn read(path: &Path) -> Option<Zone> {
    let file = fs::File::open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Zone::from_tzif(&bytes).ok()
}

/// Adds the names of zones below `folder`, which begin with `before`.
fn list(folder: &Path, before: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let Some(file) = file.to_str().filter(|file| is_name(file) && *file != "posix" && *file != "right") else {
            continue;
        };
        if names.len() >= MOST_NAMES {
            return;
        }
        let name = format!("{before}{file}");
        let is_folder = entry.path().is_dir();
        match is_folder {
            true if before.matches('/').count() < 3 => list(&entry.path(), &format!("{name}/"), names),
            true => {}
            false => names.push(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with one zone, an hour ahead of UTC.
    fn zones(system: Option<&str>) -> (tempfile::TempDir, Zones) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("Europe")).unwrap();
        let mut file = b"TZif2".to_vec();
        // Both blocks: one kind of time, no changes, a name of four bytes.
        for _ in 0..2 {
            file.resize(file.len() + 15, 0);
            file.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]);
            file.extend(3600_i32.to_be_bytes());
            file.extend(b"\0\0CET\0");
            file.extend(if file.len() < 60 { &b"TZif2"[..] } else { b"\nCET-1\n" });
        }
        fs::write(folder.path().join("Europe/Oslo"), file).unwrap();
        fs::write(folder.path().join("notes"), "none").unwrap();
        let zones = Zones {
            database: folder.path().into(),
            local: folder.path().join("Europe/Oslo"),
            system: system.map(Into::into),
        };
        (folder, zones)
    }

    #[test]
    fn a_zone_is_found_by_its_name_and_nothing_else_is() {
        let (folder, zones) = zones(None);

        assert_eq!(zones.named("Europe/Oslo").unwrap().offset_at(0), 3600);
        assert_eq!(zones.named("UTC").unwrap().offset_at(0), 0);
        for name in ["Europe/Olso", "notes", "Europe", "../zoneinfo/Europe/Oslo", "/etc/localtime", "", "Europe//Oslo"]
        {
            assert!(zones.named(name).is_err(), "{name}");
        }
        assert_eq!(zones.named("Europe/Olso").unwrap_err().help, "did you mean `Europe/Oslo`?");
        let bare = Zones { database: folder.path().join("none"), ..zones };
        assert!(bare.named("Europe/Oslo").unwrap_err().help.contains("tzdata"));
        assert!(bare.named("Etc/UTC").is_ok());
    }

    #[test]
    fn the_zone_of_the_system_is_told_by_its_variable_or_its_file() {
        let offset = |system: Option<&str>| zones(system).1.of_system().map(|zone| zone.offset_at(0)).ok();

        assert_eq!((offset(None), offset(Some("")), offset(Some(":"))), (Some(3600), Some(0), Some(0)));
        assert_eq!((offset(Some("Europe/Oslo")), offset(Some(":Europe/Oslo"))), (Some(3600), Some(3600)));
        assert_eq!((offset(Some("EST5EDT,M3.2.0,M11.1.0")), offset(Some("Mars"))), (Some(-18_000), None));
        let (folder, zones) = zones(None);
        let path = folder.path().join("Europe/Oslo");
        let by_path = Zones { system: path.to_str().map(Into::into), ..zones.clone() };
        assert_eq!(by_path.of_system().map(|zone| zone.offset_at(0)), Ok(3600));
        let without = Zones { local: folder.path().join("none"), ..zones };
        assert_eq!(without.of_system().map(|zone| zone.offset_at(0)), Ok(0));
    }
}
