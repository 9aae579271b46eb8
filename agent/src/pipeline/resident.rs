//! Pages of memory with what only the start needed of the program.
//!
//! Reading a configuration, building parsers and opening databases touch most of the program once. The system keeps what was touched
//! in the process as long as memory is not short, and users read that as the agent's size.

#![allow(unsafe_code, reason = "pages of a mapping cannot be let go of otherwise")]

use std::ffi::c_void;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rustix::mm::{Advice, madvise};
use tokio::runtime::Runtime;
use tracing::debug;

use crate::config::read_bounded;

/// When what runs at first only has run: what connects, and what finds files by the thousand. Each counts from the one before.
const MOMENTS: [Duration; 3] = [Duration::from_millis(50), Duration::from_secs(1), Duration::from_secs(2)];
/// Bytes that are read of the list of mappings: that of this program has about 10 KB.
const LONGEST: u64 = 1 << 20;

/// Lets go of the pages of the program's file now that it has started, and again a moment, a second and three later. Those that are used from
/// now on come back from the system's cache of the file, each at its first use; nothing is read from the disk but where the system is
/// short of memory.
pub(super) fn let_go_of_start(runtime: &Runtime) {
    let_go();
    runtime.spawn(async {
        for moment in MOMENTS {
            tokio::time::sleep(moment).await;
            let_go();
        }
    });
}

fn let_go() {
    let (Ok(program), Ok(mappings)) = (std::fs::read_link("/proc/self/exe"), mappings()) else { return };
    for pages in mappings.lines().filter_map(|line| unwritten(line, &program)) {
        // SAFETY: a private mapping of a file that was never writable has nothing but what is in the file, so a page that is let go
        // of is the same when it is read again. The addresses are those that the system tells.
        let told = unsafe { madvise(pages.start as *mut c_void, pages.len(), Advice::LinuxDontNeed) };
        match told {
            Ok(()) => {
                debug!(component = "engine", bytes = pages.len(), "let go of what the start needed of the program")
            }
            Err(error) => debug!(component = "engine", %error, "what the start needed of the program stays in memory"),
        }
    }
}

fn mappings() -> Result<String, String> {
    read_bounded(Path::new("/proc/self/maps"), LONGEST)
}

/// The addresses of a mapping, told as in proc_pid_maps(5), if it is of `program` and was never writable: its code, and the
/// constants in front of it. Other constants that can only be read were written to first, when the program was loaded.
fn unwritten(line: &str, program: &Path) -> Option<Range<usize>> {
    let mut parts = line.splitn(6, ' ');
    let (from, to) = parts.next()?.split_once('-')?;
    let (rights, offset) = (parts.next()?, number(parts.next()?)?);
    let is_program = Path::new(parts.nth(2)?.trim_start()) == program;
    let is_unwritten = rights == "r-xp" || (rights == "r--p" && offset == 0);
    Some(number(from)?..number(to)?).filter(|_| is_program && is_unwritten)
}

fn number(text: &str) -> Option<usize> {
    usize::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_written_of_the_program_itself_is_let_go_of() {
        let program = Path::new("/opt/my agent/vigie");
        let pages = |rights: &str, offset: &str, path: &str| {
            unwritten(&format!("55d0c0a00000-55d0c0b00000 {rights} {offset} fe:00 123        {path}"), program)
        };

        for (rights, offset) in [("r-xp", "00309000"), ("r--p", "00000000")] {
            let expected = Some(0x55d0_c0a0_0000..0x55d0_c0b0_0000);
            assert_eq!(pages(rights, offset, "/opt/my agent/vigie"), expected, "{rights} {offset}");
        }
        for (rights, offset, path) in [
            ("r--p", "00309000", "/opt/my agent/vigie"),
            ("rw-p", "00000000", "/opt/my agent/vigie"),
            ("rwxp", "00309000", "/opt/my agent/vigie"),
            ("r-xp", "00309000", "/usr/lib/libc.so.6"),
            ("r-xp", "00309000", "/opt/my agent/vigie (deleted)"),
            ("r-xp", "00309000", ""),
        ] {
            assert_eq!(pages(rights, offset, path), None, "{rights} {offset} {path}");
        }
    }

    #[test]
    fn the_program_runs_on_when_its_pages_were_let_go_of() {
        let program = std::fs::read_link("/proc/self/exe").expect("there is one");
        let code = mappings().expect("they can be read").lines().filter_map(|line| unwritten(line, &program)).count();
        assert!(code > 0, "it has some");

        let_go();

        assert_eq!(format!("{:?}", [1.5, 2.0].map(f64::sqrt)), "[1.224744871391589, 1.4142135623730951]");
    }
}
