//! The cases in `tests/cases/tail`: options, what happens to files and agent step by step, and the lines that must come of it.
//! `README.txt` there says how they are written.

use super::compressed::compress_away;
use super::*;

/// A case: its name, its options, and its steps with the lines below them.
#[derive(Debug, Default)]
struct Case {
    name: String,
    options: Vec<(String, String)>,
    steps: Vec<(String, Vec<String>)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/tail")
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name: name.into(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a case begins with its name");
        if let Some(step) = line.strip_prefix("--- ") {
            case.steps.push((step.into(), Vec::new()));
        } else if let Some((_, lines)) = case.steps.last_mut() {
            lines.push(line.into());
        } else {
            let (key, value) = line.split_once(' ').expect("an option has a value");
            case.options.push((key.to_ascii_lowercase(), value.into()));
        }
    }
    cases
}

fn now() {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
    WALL.set(i64::try_from(since.as_secs()).expect("it fits"));
}

impl Case {
    /// A rig with its options. Their names live as long as the tests do.
    fn rig(&self) -> Rig {
        let option = |key: &str| self.options.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        let mut rig = Rig::new("", &[]);
        let here = rig.directory.path().to_string_lossy().into_owned();
        let own = self.options.iter().filter(|(key, _)| key != "tag");
        let own: Vec<(&'static str, String)> =
            own.map(|(key, value)| (&*key.clone().leak(), value.replace("HERE", &here))).collect();
        rig.options.retain(|(key, _)| *key == "db" && option("db").is_none());
        rig.options.extend(own);
        rig.tag = option("tag").unwrap_or("t").to_owned().leak();
        rig
    }

    /// Runs it. Gives what is wrong.
    fn judge(&self) -> Option<String> {
        let mut rig = self.rig();
        println!("{}", self.name);
        for (step, lines) in &self.steps {
            now();
            let words: Vec<&str> = step.split(' ').collect();
            let Some(found) = take_step(&mut rig, &words, lines) else { continue };
            if found != *lines {
                return Some(format!("{}: `{step}` {lines:#?}, and it is {found:#?}", self.name));
            }
        }
        None
    }
}

/// Takes a step. Of one that looks at what came, gives it.
fn take_step(rig: &mut Rig, words: &[&str], lines: &[String]) -> Option<Vec<String>> {
    let number = |at: usize| words[at].parse::<u64>().expect("a number of seconds");
    match words[0] {
        "start" => drop(rig.start()),
        "stop" => drop(rig.stop()),
        "kill" => drop(rig.kill()),
        "look" => drop(rig.scan()),
        "wait" => drop(rig.wait(number(1))),
        "expect" | "left" | "stored" | "ended" => return Some(seen(rig, words)),
        _ => change(rig, words, lines),
    }
    None
}

/// What a step that looks at what came sees.
fn seen(rig: &mut Rig, words: &[&str]) -> Vec<String> {
    let mut seen: Vec<String> = match words[0] {
        "expect" if words.contains(&"tags") => {
            rig.records().into_iter().map(|seen| format!("{} {}", seen.tag, seen.text)).collect()
        }
        "expect" => rig.texts(),
        "left" => rig.tail().files.values().map(|file| told(file.place())).collect(),
        "ended" => return vec![rig.tail().is_at_end().to_string()],
        _ => rig.stored().into_iter().map(|(name, offset)| format!("{name} {offset}")).collect(),
    };
    seen.iter_mut().for_each(|line| *line = line.replace('\r', "\\r").replace('\0', "\\0"));
    if words.contains(&"sorted") {
        seen.sort();
    }
    seen
}

fn told(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Changes a file as told.
fn change(rig: &Rig, words: &[&str], lines: &[String]) {
    let (path, text) = (rig.path(words[1]), lines.join("\n"));
    fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
    match words[0] {
        "write" => drop(rig.append(words[1], &format!("{text}\n"))),
        "begin" => drop(rig.append(words[1], &text)),
        "hex" => write_bytes(&path, &text),
        "rename" => drop(rig.rename(words[1], words[2])),
        "copy" => drop(fs::copy(path, rig.path(words[2])).expect("it is copied")),
        "truncate" => drop(File::create(path).expect("it is truncated")),
        "compress" => compress_away(rig, words[1], words[2]),
        "delete" => drop(rig.remove(words[1])),
        "link" => std::os::unix::fs::symlink(words[2], path).expect("it is linked"),
        "age" => {
            let age: i64 = words[2].parse().expect("a number of seconds");
            let then = u64::try_from(WALL.get() - age).expect("it is later than 1970");
            let then = std::time::UNIX_EPOCH + Duration::from_secs(then);
            File::options().write(true).open(path).and_then(|file| file.set_modified(then)).expect("it is set");
        }
        other => panic!("there is no step `{other}`"),
    }
}

fn write_bytes(path: &Path, text: &str) {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let bytes = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]);
    let bytes: Vec<u8> = bytes.map(|byte| u8::try_from(byte).expect("two digits are a byte")).collect();
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("it opens");
    file.write_all(&bytes).expect("it is written");
}

/// How many cases a file has, and what is wrong with them.
fn judge_file(path: &Path) -> (usize, Vec<String>) {
    let cases = read(&crate::config::read_bounded(path, 1 << 20).expect("it can be read"));
    (cases.len(), cases.iter().filter_map(Case::judge).collect())
}

#[test]
fn each_case_of_files_gives_its_lines() {
    let entries = fs::read_dir(folder()).expect("there are cases");
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| told(path) != "README.txt");
    let judging: Vec<_> = paths.map(|path| std::thread::spawn(move || judge_file(&path))).collect();
    let judged: Vec<_> = judging.into_iter().map(|thread| thread.join().expect("it judges all")).collect();

    let count: usize = judged.iter().map(|(count, _)| count).sum();
    let wrong: Vec<&str> = judged.iter().flat_map(|(_, wrong)| wrong).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 50, "{count}");
}
