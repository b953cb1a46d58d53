//! Ports that one agent has to itself, as long as it exists: `<agents folder>/ports.json`, read and written under the
//! lock `ports.lock`, replaced in one step.
//!
//! A lease is made when somebody first asks for it, and stays what it is, whatever the configuration says afterwards.
//! Other clones on the machine keep leases of their own. So that two seldom meet, where each begins depends on the path
//! of its repository, and ports that somebody is listening on at the moment are left to last.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::AgentName;
use crate::config;
use crate::git::Repository;
use crate::port_range::{InvalidRange, PortRange};

/// The form of the file that this program writes and reads.
const VERSION: u32 = 1;
/// The largest file that is read: a thousand times what a machine has ports for.
const LARGEST: u64 = 16 << 20;

/// The ports of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub ports: PortRange,
    /// Somebody was listening on one of them when they were leased; known only then.
    pub was_in_use: bool,
    /// It was made just now.
    pub is_new: bool,
}

/// Why there are no ports.
#[derive(Debug, thiserror::Error)]
pub enum PortsError {
    /// All are leased.
    #[error("no {each} ports of {range} are free: {agents} agents have them")]
    Full {
        /// What `agents.ports` says.
        range: PortRange,
        /// What `agents.portsEach` says.
        each: u16,
        /// How many agents have ports.
        agents: usize,
    },
    /// `agents.ports` is no range.
    #[error("{}: {source}", config::PORTS_KEY)]
    Range {
        /// Why not.
        source: InvalidRange,
    },
    /// `agents.portsEach` is no number of ports.
    #[error("{}: {value:?} is not a number from 0 to 1000", config::PORTS_EACH_KEY)]
    Each {
        /// The value.
        value: String,
    },
    /// The file says what this program has not written.
    #[error("{} cannot be understood: {reason}", .path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file or its lock could not be used.
    #[error("{} cannot be used: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Document {
    version: u32,
    leases: BTreeMap<String, Ports>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ports {
    first: u16,
    count: u16,
}

/// The agent's ports, leased now when it has none; none where `agents.portsEach` is 0.
///
/// # Errors
/// See [`PortsError`].
pub fn lease(repo: &Repository, agent: &AgentName) -> Result<Option<Lease>, PortsError> {
    let known = |ports| Lease { ports, was_in_use: false, is_new: false };
    if let Some(ports) = read(repo)?.get(agent.as_str()) {
        return Ok(Some(known(*ports)));
    }
    let (range, each) = configured(repo)?;
    if each == 0 {
        return Ok(None);
    }
    let _lock = lock(repo)?;
    let mut leases = read(repo)?;
    if let Some(ports) = leases.get(agent.as_str()) {
        return Ok(Some(known(*ports)));
    }
    let found = choose(&leases, range, each, seed(repo.common_dir()), is_in_use);
    let (ports, was_in_use) = found.ok_or(PortsError::Full { range, each, agents: leases.len() })?;
    leases.insert(agent.to_string(), ports);
    write(repo, &leases)?;
    Ok(Some(Lease { ports, was_in_use, is_new: true }))
}

/// Whether there are ports for all of these agents. Nothing is leased.
///
/// # Errors
/// See [`PortsError`].
pub fn check<'a>(repo: &Repository, agents: impl IntoIterator<Item = &'a AgentName>) -> Result<(), PortsError> {
    let mut leases = read(repo)?;
    for agent in agents {
        if leases.contains_key(agent.as_str()) {
            continue;
        }
        let (range, each) = configured(repo)?;
        if each == 0 {
            return Ok(());
        }
        // Who listens matters only for which they get.
        let found = choose(&leases, range, each, 0, |_| false);
        let (ports, _) = found.ok_or(PortsError::Full { range, each, agents: leases.len() })?;
        leases.insert(agent.to_string(), ports);
    }
    Ok(())
}

/// The agent's ports, if it has any.
///
/// # Errors
/// [`PortsError::Unsound`] and [`PortsError::Io`].
pub fn of(repo: &Repository, agent: &AgentName) -> Result<Option<PortRange>, PortsError> {
    Ok(read(repo)?.get(agent.as_str()).copied())
}

/// Who has ports, by name. The names are as the file has them.
///
/// # Errors
/// [`PortsError::Unsound`] and [`PortsError::Io`].
pub fn all(repo: &Repository) -> Result<BTreeMap<String, PortRange>, PortsError> {
    read(repo)
}

/// Give back the ports of those for whom `is_gone` says so. Gives how many had any.
///
/// # Errors
/// [`PortsError::Unsound`] and [`PortsError::Io`].
pub fn release(repo: &Repository, is_gone: impl Fn(&str) -> bool) -> Result<usize, PortsError> {
    if !read(repo)?.keys().any(|name| is_gone(name)) {
        return Ok(0);
    }
    let _lock = lock(repo)?;
    let mut leases = read(repo)?;
    let before = leases.len();
    leases.retain(|name, _| !is_gone(name));
    write(repo, &leases)?;
    Ok(before - leases.len())
}

/// Put a file that can be understood in the place of one that cannot: what of it makes sense is kept, the rest is leased
/// anew to whoever asks. The other stays beside it. Gives where, and how many leases are kept; none when all is well.
///
/// # Errors
/// [`PortsError::Io`].
pub fn mend(repo: &Repository) -> Result<Option<(PathBuf, usize)>, PortsError> {
    let _lock = lock(repo)?;
    match read(repo) {
        Ok(_) => return Ok(None),
        Err(PortsError::Unsound { .. }) => {}
        Err(error) => return Err(error),
    }
    let path = file(repo);
    let failed = |source| PortsError::Io { path: path.clone(), source };
    let mut text = Vec::new();
    File::open(&path).and_then(|file| file.take(LARGEST).read_to_end(&mut text)).map_err(failed)?;
    let leases = salvaged(&text);
    let aside = path.with_extension("json.broken");
    // Copied and not renamed: nobody finds no file in between, and nobody leases what others have.
    std::fs::copy(&path, &aside).map_err(failed)?;
    write(repo, &leases)?;
    Ok(Some((aside, leases.len())))
}

/// What makes sense of a file that does not as a whole; of two that overlap neither, for nobody knows whose they are.
fn salvaged(text: &[u8]) -> BTreeMap<String, PortRange> {
    let document: Value = serde_json::from_slice(text).unwrap_or_default();
    let range = |value: &Value| {
        let number = |field: &str| u16::try_from(value.get(field)?.as_u64()?).ok();
        PortRange::new(number("first")?, number("count")?)
    };
    let entries = document.get("leases").and_then(Value::as_object).into_iter().flatten();
    let all: Vec<(&String, PortRange)> = entries.filter_map(|(name, value)| Some((name, range(value)?))).collect();
    let is_alone = |one: &&(&String, PortRange)| !all.iter().any(|other| other.0 != one.0 && other.1.overlaps(one.1));
    all.iter().filter(is_alone).map(|(name, ports)| ((*name).clone(), *ports)).collect()
}

/// The first part of the range that nobody has, counted from where this repository begins; one in which somebody is
/// listening only when all are like that.
fn choose(
    leases: &BTreeMap<String, PortRange>,
    range: PortRange,
    each: u16,
    seed: u64,
    is_in_use: impl Fn(PortRange) -> bool,
) -> Option<(PortRange, bool)> {
    let parts: Vec<PortRange> = range.parts(each).collect();
    let begin = usize::try_from(seed % (parts.len() as u64).max(1)).unwrap_or_default();
    let is_free = |part: &&PortRange| !leases.values().any(|taken| taken.overlaps(**part));
    let mut free = parts[begin..].iter().chain(&parts[..begin]).filter(is_free).copied();
    let first = free.next()?;
    if !is_in_use(first) {
        return Some((first, false));
    }
    Some(free.find(|part| !is_in_use(*part)).map_or((first, true), |part| (part, false)))
}

/// Whether somebody listens on one of these ports. What cannot be tried is not in use.
fn is_in_use(ports: PortRange) -> bool {
    let is_taken = |address: IpAddr, port: u16| {
        TcpListener::bind((address, port)).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
    };
    let ours = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    (ports.first()..=ports.last()).any(|port| ours.iter().any(|address| is_taken(*address, port)))
}

/// The same number for the same path, always (FNV-1a).
fn seed(path: &Path) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn configured(repo: &Repository) -> Result<(PortRange, u16), PortsError> {
    let range = config::value(repo, config::PORTS_KEY).unwrap_or_else(|| config::DEFAULT_PORTS.to_owned());
    let range = range.parse().map_err(|source| PortsError::Range { source })?;
    let each = match config::value(repo, config::PORTS_EACH_KEY) {
        None => config::DEFAULT_PORTS_EACH,
        Some(value) => match value.trim().parse() {
            Ok(each @ 0..=1000) => each,
            _ => return Err(PortsError::Each { value: value.chars().take(40).collect() }),
        },
    };
    Ok((range, each))
}

/// Where the leases are.
pub fn file(repo: &Repository) -> PathBuf {
    repo.agents_dir().join("ports.json")
}

fn lock(repo: &Repository) -> Result<File, PortsError> {
    let path = repo.agents_dir().join("ports.lock");
    let take = || {
        std::fs::create_dir_all(repo.agents_dir())?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    take().map_err(|source| PortsError::Io { path: path.clone(), source })
}

fn read(repo: &Repository) -> Result<BTreeMap<String, PortRange>, PortsError> {
    let path = file(repo);
    let text = match path.metadata() {
        Ok(data) if data.len() > LARGEST => {
            return Err(PortsError::Unsound { path, reason: format!("it has {} bytes", data.len()) });
        }
        Ok(_) => std::fs::read(&path).map_err(|source| PortsError::Io { path: path.clone(), source })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(PortsError::Io { path, source }),
    };
    parse(&text).map_err(|reason| PortsError::Unsound { path, reason })
}

/// Two agents with the same port are worse than none with any: whatever is not as we write it is refused.
fn parse(text: &[u8]) -> Result<BTreeMap<String, PortRange>, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if document.version != VERSION {
        return Err(format!("it is of version {}", document.version));
    }
    let mut leases = BTreeMap::new();
    for (name, Ports { first, count }) in document.leases {
        let ports = PortRange::new(first, count).ok_or_else(|| format!("{count} ports from {first} on are none"))?;
        leases.insert(name, ports);
    }
    let mut sorted: Vec<(&PortRange, &String)> = leases.iter().map(|(name, ports)| (ports, name)).collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0].0.overlaps(*pair[1].0)) {
        Some(pair) => Err(format!("{:?} and {:?} have the same ports", pair[0].1, pair[1].1)),
        None => Ok(leases),
    }
}

fn write(repo: &Repository, leases: &BTreeMap<String, PortRange>) -> Result<(), PortsError> {
    let path = file(repo);
    let put = || {
        let mut draft = tempfile::NamedTempFile::new_in(repo.agents_dir())?;
        draft.write_all(&text_of(leases)?)?;
        draft.as_file().sync_all()?;
        draft.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    put().map_err(|source| PortsError::Io { path: path.clone(), source })
}

fn text_of(leases: &BTreeMap<String, PortRange>) -> io::Result<Vec<u8>> {
    let ports = |range: &PortRange| Ports { first: range.first(), count: range.last() - range.first() + 1 };
    let leases = leases.iter().map(|(name, range)| (name.clone(), ports(range))).collect();
    Ok(serde_json::to_vec_pretty(&Document { version: VERSION, leases })?)
}

#[cfg(test)]
#[path = "ports_test.rs"]
mod tests;
