//! Options of tail.

use std::path::PathBuf;
use std::time::Duration;

use vigie_parsers::regex::Regex;

use super::code_page::Legacy;
use super::encoding::Unicode;
use crate::config::OptionType;
use crate::config::types::{CommaList, Size};
use crate::state::{Journal, Synchronous};

crate::options! {
    /// Options of `tail`.
    pub(super) struct TailOptions {
        path: CommaList, required, "Files to read: paths and globs between commas. Only regular files are read.";
        exclude_path: CommaList, optional, "Files left out: globs on the full path, between commas.";
        key: String, default "log", "Key of a line that no parser took apart.";
        "parser" _parser: String, optional, "Parser of each line. Not applied where `multiline.parser` is set.";
        "multiline.parser" _multiline_parser: CommaList, repeated, "How lines are joined to events: `cri`, `docker`, `java`, `python`, `go`, `ruby`, or parsers of your own, between commas. Of `cri, java` the parts of lines are joined first, then the events in them.";
        multiline: bool, default "off", "Whether lines are joined by parsers: `Parser_Firstline` tells the first line of an event. Not applied where `multiline.parser` is set, which is shorter to write.";
        multiline_flush: Duration, default "4", "Seconds that such an event waits for its next line, one at least.";
        "parser_firstline" _parser_firstline: String, optional, "Parser of a line that begins an event, which has its fields and its time. What no parser fits is appended to its last text, below a newline.";
        "parser_*" _parser_n: String, repeated, "`Parser_1` and so on: parsers of lines that go on with an event; the fields that the first fitting one finds are added. Of a key that the event has already, the last value counts.";
        docker_mode: bool, default "off", "Whether lines of Docker's JSON are put together until their `log` ends with a newline, one for each `stream`, before `Parser` is applied. Not applied where `multiline.parser` is set.";
        docker_mode_flush: Duration, default "4", "Seconds that such a line waits for its next part, one at least.";
        "docker_mode_parser" _docker_mode_parser: String, optional, "Parser of a line of Docker's that begins an event: whole lines are joined too, until the next one that it fits.";
        db: PathBuf, optional, "SQLite database of positions, in Fluent Bit's own form. Without it they are kept in the state directory.";
        "db.sync" db_sync: DbSync, default "normal", "How hard the database is synced: off, normal, full or extra. What cannot be found out anew is always synced before it is used, all else of new files within a second.";
        "db.journal_mode" db_journal_mode: DbJournal, default "WAL", "Journal of the database: WAL, DELETE, TRUNCATE, PERSIST, MEMORY or OFF.";
        "db.locking" db_locking: bool, default "off", "Whether other programs are kept from reading the database too. Other agents always are.";
        read_from_head: bool, default "off", "Whether files without a stored position that are there at the start are read from their head. What replaced a file with a position always is.";
        read_newly_discovered_files_from_head: bool, default "on", "Whether files found later are read from their head. They are with `Read_from_Head on` too, and where they take the place of a file that was followed.";
        refresh_interval: Duration, default "60", "Seconds between two looks at all paths. New files are noticed at once where the system tells of them.";
        rotate_wait: Duration, default "5", "Seconds a file that was rotated away is kept after its last byte. Unread bytes keep it longer, and so does a process that has it open for writing, as far as `/proc` shows.";
        tag_regex: PathRegex, optional, "Pattern on the path of a file; `<name>` in `Tag` stands for what its group of that name took, `_` for nothing. Files that it does not match are left out.";
        path_key: String, optional, "Key under which the path of the file is added.";
        offset_key: String, optional, "Key under which the byte offset of the line is added.";
        ignore_older: Duration, default "0", "Files not written to for longer than this are not begun. 0 takes all.";
        ignore_active_older_files: bool, default "off", "Whether files that are followed are let go, too, once `Ignore_Older` names them and they are read to their end. They go on where they were once they grow.";
        "unicode.encoding" unicode_encoding: Unicode, optional, "Takes files for UTF-16: `auto`, as their first bytes tell, `UTF-16LE` or `UTF-16BE`. Records are UTF-8, without the byte order mark.";
        "generic.encoding" generic_encoding: Legacy, optional, "Code page that files are written in: ShiftJIS, UHC, GBK, GB18030, Big5, Win866, Win874, or Win1250 to Win1256. Records are UTF-8.";
        inotify_watcher: bool, default "on", "Whether the system is asked to tell of new files and of writes to quiet ones. Where it is not, paths are looked at every `Watcher_Interval` and files every second.";
        watcher_interval: Duration, default "2", "Seconds between two looks at all paths where `Inotify_Watcher` is off and `Refresh_Interval` is longer.";
        buffer_chunk_size: Size, default "256k", "Bytes read at once at the most; less than 4k counts as 4k.";
        buffer_max_size: Size, default "1M", "Longest line; less than 16 bytes count as 16, and it may be less than `buffer_chunk_size`. What is longer is cut into parts of this size, unless an option below says otherwise.";
        skip_long_lines: bool, default "off", "Whether lines above `Buffer_Max_Size` are left out and counted.";
        truncate_long_lines: bool, default "off", "Whether only the first part of such lines is taken.";
        skip_empty_lines: bool, default "off", "Whether empty lines are left out.";
        exit_on_eof: bool, default "off", "Whether the agent stops when all files are read to their end.";
    }
    not_needed {
        "db.compare_filename": "Files are told apart by identity and content.",
        "progress_check_interval": "Growth is looked for at all times.",
        "progress_check_interval_nsec": "Growth is looked for at all times.",
        "windows.path_encoding": "Paths are the bytes that the system has.",
        "static_batch_size": "Files take turns, each for up to 4 MiB.",
        "event_batch_size": "Files take turns, each for up to 4 MiB.",
        "file_cache_advise": "The page cache is left to the system.",
    }
}

/// Value of `Tag_Regex`.
#[derive(Clone, Debug)]
pub(super) struct PathRegex(pub(super) Regex);

impl OptionType for PathRegex {
    const KIND: &'static str = "regex";

    fn parse(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).map_err(|error| format!("a regular expression ({error})"))?;
        let has_name = regex.groups().iter().any(Option::is_some);
        if has_name { Ok(Self(regex)) } else { Err("a regular expression with a named group, `(?<name>...)`".into()) }
    }
}

/// Value of `DB.sync`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DbSync(pub(super) Synchronous);

impl OptionType for DbSync {
    const KIND: &'static str = "sync mode";

    fn parse(text: &str) -> Result<Self, String> {
        let modes = [Synchronous::Off, Synchronous::Normal, Synchronous::Full, Synchronous::Extra];
        let found = modes.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(text));
        found.map(Self).ok_or("`off`, `normal`, `full` or `extra`".into())
    }
}

/// Value of `DB.journal_mode`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DbJournal(pub(super) Journal);

impl OptionType for DbJournal {
    const KIND: &'static str = "journal mode";

    fn parse(text: &str) -> Result<Self, String> {
        let modes = [Journal::Wal, Journal::Delete, Journal::Truncate, Journal::Persist, Journal::Memory, Journal::Off];
        let found = modes.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(text));
        found.map(Self).ok_or("`WAL`, `DELETE`, `TRUNCATE`, `PERSIST`, `MEMORY` or `OFF`".into())
    }
}
