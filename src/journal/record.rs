//! The journal on disk: its header, its old bytes, its markers, and which of them are kept. See [`super`] for the format.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::attributes::Attributes;
use super::target::{Target, is_protected};
use super::{Failure, Patch, Step, Steps, UndoError, place, replace};

const FORMAT: &str = "awaitify-journal";
const VERSION: u32 = 1;
/// How many journals are kept.
const KEPT: usize = 20;

/// The name of a journal: a number that grows with every write in a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Id(u32);

/// How far a transaction got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was killed before all files were new.
    Unfinished,
    Committed,
    /// Its undo was killed.
    Undoing,
    Undone,
}

/// One line of `awaitify undo --list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub id: Id,
    /// Seconds since 1970, UTC.
    pub created: u64,
    /// What made it: see [`super::write_labeled`].
    pub label: String,
    pub files: usize,
    pub state: State,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    format: String,
    version: u32,
    tool: String,
    created: u64,
    #[serde(default)]
    label: String,
    root: String,
    pub files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    path: String,
    pub before: Stamp,
    pub after: Stamp,
    /// Where the old bytes start in the file `before`.
    offset: u64,
    mode: u32,
    uid: u32,
    gid: u32,
}

/// What a text is recognized by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    sha256: String,
    bytes: u64,
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the journal of a transaction. When this fails, there is none.
pub(crate) fn create(
    root: &Path,
    label: &str,
    patches: &[&Patch],
    targets: &[Target],
    steps: &mut Steps,
) -> Result<Id, Failure> {
    sweep(root)?;
    let id = Id(ids(root)?.last().map_or(1, |last| last.0 + 1));
    let folder = folder(root, id);
    let header = header(root, label, patches, targets);
    let result = save(root, &folder, &header, patches, steps);
    if result.is_err() {
        // Without its header a journal counts for nothing; what cannot be removed now is swept by the next run.
        let _ = fs::remove_dir_all(&folder);
    }
    result.map(|()| id)
}

fn save(root: &Path, folder: &Path, header: &Header, patches: &[&Patch], steps: &mut Steps) -> Result<(), Failure> {
    let journals = root.join(place::NAME).join("journal");
    let header_path = folder.join("header.json");
    let header = serde_json::to_vec_pretty(header).expect("a header is plain data");

    announce(steps, Step::MakeFolder, folder)?;
    fs::create_dir_all(folder).map_err(|error| Failure::new("create", folder, error))?;
    announce(steps, Step::SaveBytes, folder)?;
    save_flushed(&folder.join("before"), patches.iter().map(|patch| patch.before.as_slice()))?;
    announce(steps, Step::SaveHeader, &header_path)?;
    let unpublished = folder.join("header.json.tmp");
    save_flushed(&unpublished, [header.as_slice()].into_iter())?;
    replace::flush_folder(folder)?;
    announce(steps, Step::PublishHeader, &header_path)?;
    replace::rename(&unpublished, &header_path)?;
    [folder, &journals, &root.join(place::NAME), root].into_iter().try_for_each(replace::flush_folder)
}

fn header(root: &Path, label: &str, patches: &[&Patch], targets: &[Target]) -> Header {
    let mut offset = 0;
    let files = patches.iter().zip(targets).map(|(patch, target)| {
        let path = target.real.strip_prefix(root).expect("targets are inside the root");
        let names: Vec<_> = path.iter().map(|name| name.to_str().expect("targets have UTF-8 names")).collect();
        let Attributes { mode, uid, gid } = target.attributes;
        let entry = Entry {
            path: names.join("/"),
            before: Stamp::of(&patch.before),
            after: Stamp::of(&patch.after),
            offset,
            mode,
            uid,
            gid,
        };
        offset += entry.before.bytes;
        entry
    });
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool: concat!("awaitify ", env!("CARGO_PKG_VERSION")).to_owned(),
        created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        label: label.to_owned(),
        root: root.to_string_lossy().into_owned(),
        files: files.collect(),
    }
}

/// Reads a journal's header and checks that it can be trusted to stay inside the root.
pub(crate) fn read(root: &Path, id: Id) -> Result<Header, UndoError> {
    let path = folder(root, id).join("header.json");
    let text = fs::read(&path).map_err(|error| Failure::new("read", &path, error))?;
    let damaged = |reason: String| UndoError::Damaged { id, reason };
    let version = serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|header| header["version"].as_u64());
    if version.is_some_and(|version| version > u64::from(VERSION)) {
        return Err(damaged("a newer awaitify wrote it; use that one".to_owned()));
    }
    let header: Header = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if header.format != FORMAT {
        return Err(damaged(format!("its format is `{}`", header.format)));
    }
    for entry in &header.files {
        let path = Path::new(&entry.path);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || entry.path.is_empty() || is_protected(path) {
            return Err(damaged(format!("it names `{}`, which no write can have touched", entry.path)));
        }
    }
    Ok(header)
}

/// Reads the old bytes of an entry and checks them against their hash.
pub(crate) fn old_bytes(root: &Path, id: Id, entry: &Entry) -> Result<Vec<u8>, UndoError> {
    let path = folder(root, id).join("before");
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|mut file| {
        file.seek(SeekFrom::Start(entry.offset))?;
        file.take(entry.before.bytes).read_to_end(&mut bytes)
    });
    read.map_err(|error| Failure::new("read", &path, error))?;
    if entry.before.fits(&bytes) {
        return Ok(bytes);
    }
    Err(UndoError::Damaged { id, reason: format!("its copy of `{}` is not what was saved", entry.path) })
}

/// Puts one of the markers `committed`, `undoing`, `undone`.
pub(crate) fn mark(root: &Path, id: Id, marker: &str) -> Result<(), Failure> {
    let folder = folder(root, id);
    save_flushed(&folder.join(marker), [].into_iter())?;
    replace::flush_folder(&folder)
}

pub(crate) fn unmark(root: &Path, id: Id, marker: &str) -> Result<(), Failure> {
    replace::remove(&folder(root, id).join(marker))
}

pub(crate) fn state(root: &Path, id: Id) -> Option<State> {
    let folder = folder(root, id);
    let has = |name: &str| folder.join(name).exists();
    match () {
        () if !has("header.json") => None,
        () if has("undone") => Some(State::Undone),
        () if has("undoing") => Some(State::Undoing),
        () if has("committed") => Some(State::Committed),
        () => Some(State::Unfinished),
    }
}

pub(crate) fn list(root: &Path) -> Result<Vec<Listing>, Failure> {
    let journals = ids(root)?.into_iter().filter_map(|id| Some((id, state(root, id)?)));
    // A header that cannot be read is still listed: `undo` then says what is wrong with it.
    let listings = journals.map(|(id, state)| match read(root, id) {
        Ok(header) => Listing { id, created: header.created, label: header.label, files: header.files.len(), state },
        Err(_) => Listing { id, created: 0, label: String::new(), files: 0, state },
    });
    Ok(listings.collect())
}

pub(crate) fn unfinished(root: &Path) -> Option<Id> {
    let is_open = |id: &Id| matches!(state(root, *id), Some(State::Unfinished | State::Undoing));
    ids(root).ok()?.into_iter().rfind(is_open)
}

/// All journals, oldest first, with those that have no header.
pub(crate) fn ids(root: &Path) -> Result<Vec<Id>, Failure> {
    let journals = root.join(place::NAME).join("journal");
    let entries = match fs::read_dir(&journals) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::new("read", &journals, error)),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str().map(str::to_owned));
    let mut ids: Vec<_> = names.filter_map(|name| Id::parse(&name)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Deletes a journal, unless it may still be needed to make the tree whole.
pub(crate) fn forget(root: &Path, id: Id) -> Result<(), Failure> {
    if matches!(state(root, id), Some(State::Unfinished | State::Undoing)) {
        return Ok(());
    }
    discard(root, id)
}

/// Deletes a journal. The header goes first: what a kill leaves is then swept by the next run.
pub(crate) fn discard(root: &Path, id: Id) -> Result<(), Failure> {
    let folder = folder(root, id);
    replace::remove(&folder.join("header.json"))?;
    fs::remove_dir_all(&folder).map_err(|error| Failure::new("remove", &folder, error))
}

/// Deletes the oldest journals.
pub(crate) fn prune(root: &Path) -> Result<(), Failure> {
    let ids = ids(root)?;
    ids.iter().take(ids.len().saturating_sub(KEPT)).try_for_each(|id| forget(root, *id))
}

/// Deletes what runs left that were killed before their journal counted.
fn sweep(root: &Path) -> Result<(), Failure> {
    ids(root)?.into_iter().filter(|id| state(root, *id).is_none()).try_for_each(|id| discard(root, id))
}

fn folder(root: &Path, id: Id) -> PathBuf {
    root.join(place::NAME).join("journal").join(id.to_string())
}

fn save_flushed<'a>(path: &Path, parts: impl Iterator<Item = &'a [u8]>) -> Result<(), Failure> {
    let mut file = File::create(path).map_err(|error| Failure::new("create", path, error))?;
    for part in parts {
        file.write_all(part).map_err(|error| Failure::new("write", path, error))?;
    }
    file.sync_all().map_err(|error| Failure::new("flush", path, error))
}

fn announce(steps: &mut Steps, step: Step, path: &Path) -> Result<(), Failure> {
    steps(step).map_err(|error| Failure::new("write", path, error))
}

impl Id {
    /// Reads what [`Id`] displays.
    pub fn parse(text: &str) -> Option<Id> {
        text.parse().ok().filter(|_| !text.starts_with(['0', '+'])).map(Id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Entry {
    pub(crate) fn path(&self, root: &Path) -> PathBuf {
        root.join(&self.path)
    }

    pub(crate) fn attributes(&self) -> Attributes {
        Attributes { mode: self.mode, uid: self.uid, gid: self.gid }
    }
}

impl Stamp {
    fn of(bytes: &[u8]) -> Stamp {
        Stamp { sha256: digest(bytes), bytes: bytes.len() as u64 }
    }

    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes.len() as u64 && self.sha256 == digest(bytes)
    }
}
