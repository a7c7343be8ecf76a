//! What a process costs, from `/proc` (proc(5)).

#![allow(dead_code, reason = "each bench target uses its own part of this")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// CPU time that the process has used, in seconds, user and system.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The second field, the program's name, may hold spaces; what follows its `)` does not.
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let fields: Vec<_> = fields.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number of ticks");
    (ticks(11) + ticks(12)) / ticks_per_second()
}

/// A share of a core that one process is kept to, by a control group of its own (cgroups(7), either version).
pub(crate) struct Quota(PathBuf);

impl Quota {
    /// Keeps the process to that share from now on.
    ///
    /// # Errors
    /// Where control groups are not this user's to make.
    pub(crate) fn of(pid: u32, share: f64) -> io::Result<Self> {
        const PERIOD: f64 = 100_000.0;
        let root = Path::new("/sys/fs/cgroup");
        let first = root.join("cpu");
        let is_first = first.join("cpu.cfs_quota_us").exists();
        let group = if is_first { first.as_path() } else { root };
        let group = group.join(format!("claimwire-bench-{pid}"));
        fs::create_dir_all(&group)?;
        let quota = Self(group);
        let micros = (share * PERIOD) as u64;
        if is_first {
            fs::write(quota.0.join("cpu.cfs_quota_us"), micros.to_string())?;
        } else {
            fs::write(quota.0.join("cpu.max"), format!("{micros} {PERIOD}"))?;
        }
        fs::write(quota.0.join("cgroup.procs"), pid.to_string())?;
        Ok(quota)
    }
}

impl Drop for Quota {
    /// The process has ended, or the group stays.
    fn drop(&mut self) {
        fs::remove_dir(&self.0).ok();
    }
}

/// Whether the process has ended and is only waited for.
pub(crate) fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is not waited for yet");
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

/// Memory that the process holds in RAM, in MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .expect("Linux says VmRSS")
        .trim()
        .trim_end_matches(" kB");
    kib.parse::<f64>().expect("a number of KiB") / 1024.0
}

fn ticks_per_second() -> f64 {
    let answer = Command::new("getconf")
        .arg("CLK_TCK")
        .output()
        .expect("getconf is there");
    String::from_utf8_lossy(&answer.stdout)
        .trim()
        .parse()
        .expect("a number")
}
