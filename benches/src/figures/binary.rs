//! How large the program is, without symbols.

use std::fs;
use std::io;
use std::process::Command;

use super::{Outcome, Setting};
use crate::directory::WorkDirectory;
use crate::measure::megabytes;

/// Measures a copy that `strip` has been over, or the file as it is where there is no `strip`.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let directory = WorkDirectory::make(setting.parent, "figure")?;
    let copy = directory.path.join("stripped");
    let stripped = Command::new("strip").arg("-o").arg(&copy).arg(setting.agent).stderr(directory.output()?).status();
    let (what, path) = match stripped {
        Ok(status) if status.success() => ("stripped binary, MB", &*copy),
        _ => ("binary as it is, MB", setting.agent),
    };
    Ok(Outcome::default().with(what, megabytes(fs::metadata(path)?.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_cannot_be_stripped_is_measured_as_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let agent = folder.path().join("agent");
        fs::write(&agent, [b'#'; 2_000]).expect("written");

        let setting = Setting {
            agent: &agent,
            parent: folder.path(),
            bytes: 0,
            seconds: None,
            yardstick: None,
            limit: Duration::ZERO,
        };
        let outcome = measure(&setting).expect("it is there");

        assert_eq!(outcome.readings[0].what, "binary as it is, MB");
        assert!((outcome.readings[0].value - 0.002).abs() < 1e-9);
    }
}
